/**
 * Finished and unfinished jobs on disk: a run folder or a record each, and the converted networks.
 *
 * Knows: names of folders and files. May not know: how jobs are run.
 */
import { access, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { writeWholeFile } from "../../node/write-whole-file.js";
import {
  type FinishedJob,
  pickFinished,
  type RightDecisions,
  readRecord,
  writeRecord,
} from "./finished-job.js";
import { type Job, withImages } from "./plan-reproduction.js";

/** `<16 digits of the key>-<name>-n<images>` */
export function nameJobFolder({ key, name, n }: Job): string {
  return `${key.slice(0, 16)}-${name}-n${n}`;
}

export function nameSnnFile({ conversion }: Job): string {
  return `${conversion.slice(0, 16)}.snn.safetensors`;
}

export class JobStore {
  constructor(readonly folder: string) {}

  runFolder(job: Job): string {
    return join(this.folder, nameJobFolder(job));
  }

  snnPath(job: Job): string {
    return join(this.folder, "networks", nameSnnFile(job));
  }

  /** What `convert` said, beside the network. */
  conversionPath(job: Job): string {
    return join(this.folder, "networks", nameSnnFile(job).replace(/\.snn\.safetensors$/, ".json"));
  }

  /** Whether it was converted here; a record that was brought from elsewhere comes without its network. */
  async hasNetwork(job: Job): Promise<boolean> {
    return Promise.all([access(this.conversionPath(job)), access(this.snnPath(job))]).then(
      () => true,
      () => false,
    );
  }

  private failurePath({ key }: Job): string {
    return join(this.folder, "failed", `${key.slice(0, 16)}.txt`);
  }

  /** Why a job could not be run when it was tried last. */
  async readFailure(job: Job): Promise<string | null> {
    return readFile(this.failurePath(job), "utf8").catch(() => null);
  }

  async keepFailure(job: Job, because: string | null): Promise<void> {
    if (because === null) await rm(this.failurePath(job), { force: true });
    else await writeWholeFile(this.failurePath(job), because, { force: true });
  }

  /** A finished job beside the run folders, without its own: what somebody measured and keeps. */
  recordPath(job: Job): string {
    return `${this.runFolder(job)}.json`;
  }

  /** What is there of a job that is finished, by its run folder or else its record; null where it is not. */
  async readFinished(job: Job): Promise<FinishedJob | null> {
    const run = await this.readRun(job);
    const record = readRecord(job.key, await readOr("", this.recordPath(job)));
    // The converted network may be gone, and with it what its compensation found.
    return run === null ? record : { ...run, compensation: run.compensation ?? record?.compensation ?? null };
  }

  /** Keeps a finished job as a record. */
  async keepRecord(job: Job, finished: FinishedJob): Promise<void> {
    await writeWholeFile(this.recordPath(job), writeRecord(job, finished), { force: true });
  }

  /** Of a run folder: results.json is written last. */
  private async readRun(job: Job): Promise<FinishedJob | null> {
    const folder = this.runFolder(job);
    try {
      const result = JSON.parse(
        await readOr("null", join(folder, "results.json")),
      ) as EvaluationResult | null;
      if (result?.complete !== true) return null;
      const text = await readFile(join(folder, "predictions.csv"), "utf8");
      return pickFinished(result, parseRight(text), await this.readCompensation(job));
    } catch {
      return null;
    }
  }

  /** The same job on whatever number of images was finished, the largest; null where none was. */
  async findLargest(job: Job): Promise<Job | null> {
    for (const n of await this.listCounts(job)) {
      const found = withImages(job, n);
      if ((await this.readFinished(found)) !== null) return found;
    }
    return null;
  }

  /** Decisions of single images, of the finished run with the most images that has them; null where none has. */
  async readDecisions(job: Job): Promise<RightDecisions | null> {
    for (const n of await this.listCounts(job)) {
      const finished = await this.readFinished(withImages(job, n));
      if (finished !== null && finished.right !== null) return finished.right;
    }
    return null;
  }

  /** Numbers of images of which the same job was begun or recorded, the largest first. */
  async listCounts(job: Job): Promise<readonly number[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    const counts = names.flatMap((name) => Number(/-n(\d+)(\.json)?$/.exec(name)?.[1] ?? []));
    return [...new Set(counts)]
      .filter((n) => {
        const folder = nameJobFolder(withImages(job, n));
        return names.includes(folder) || names.includes(`${folder}.json`);
      })
      .sort((a, b) => b - a);
  }

  /** Factors of the compensation that a conversion found, in words. */
  private async readCompensation(job: Job): Promise<string | null> {
    const text = await readFile(this.conversionPath(job), "utf8").catch(() => null);
    const compensation = text === null ? null : parseCompensation(text);
    if (compensation === null) return null;
    const kappas = compensation.factors.map(({ kappa }) => kappa);
    const [least, largest] = [Math.min(...kappas), Math.max(...kappas)];
    return compensation.method === "shared"
      ? `factor ${largest.toFixed(3)}`
      : `factors ${least.toFixed(2)} to ${largest.toFixed(2)}`;
  }
}

/** Null where a conversion searched no factors, and of a damaged text. */
function parseCompensation(text: string): CompensationFacts | null {
  try {
    return (JSON.parse(text) as { compensation?: CompensationFacts | null }).compensation ?? null;
  } catch {
    return null;
  }
}

const readOr = (missing: string, path: string) => readFile(path, "utf8").catch(() => missing);

/** predictions.csv → which of its decisions are right. */
function parseRight(text: string): RightDecisions {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const columns = head.split(",");
  const rows = lines.map((line) => line.split(",").map(Number));
  const label = columns.indexOf("label");
  const rightOf = (name: string) => {
    const column = columns.indexOf(name);
    return rows.map((row) => row[column] === row[label]);
  };
  const times = columns.filter((name) => /^t\d+$/.test(name));
  return {
    network: rightOf("ann"),
    at: new Map(times.map((name) => [Number(name.slice(1)), rightOf(name)])),
  };
}

interface CompensationFacts {
  readonly method: string;
  readonly factors: readonly { readonly kappa: number }[];
}
