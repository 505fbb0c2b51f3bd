/**
 * Finished and unfinished jobs on disk: a run folder each, and the converted networks.
 *
 * Knows: names of folders and files. May not know: how jobs are run.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { writeWholeFile } from "../../node/write-whole-file.js";
import { type Job, withImages } from "./plan-reproduction.js";

/** Classes that an evaluated image was given. */
export interface Predictions {
  readonly labels: readonly number[];
  readonly network: readonly number[];
  /** By t. */
  readonly at: ReadonlyMap<number, readonly number[]>;
}

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

  /** Results of a job that is finished, else null: results.json is written last. */
  async readResult(job: Job): Promise<EvaluationResult | null> {
    const text = await readFile(join(this.runFolder(job), "results.json"), "utf8").catch(() => null);
    if (text === null) return null;
    try {
      const result = JSON.parse(text) as EvaluationResult;
      return result.complete ? result : null;
    } catch {
      return null;
    }
  }

  /** The same job on whatever number of images was finished, the largest; null where none was. */
  async findLargest(job: Job): Promise<Job | null> {
    const folders = await readdir(this.folder).catch((): string[] => []);
    const counts = folders.flatMap((name) => Number(/-n(\d+)$/.exec(name)?.[1] ?? []));
    for (const n of [...new Set(counts)].sort((a, b) => b - a)) {
      const found = withImages(job, n);
      if (folders.includes(nameJobFolder(found)) && (await this.readResult(found)) !== null) return found;
    }
    return null;
  }

  /** Factors of the compensation that a conversion found, in words. */
  async readCompensation(job: Job): Promise<string | null> {
    const text = await readFile(this.conversionPath(job), "utf8").catch(() => null);
    if (text === null) return null;
    const { compensation } = JSON.parse(text) as { compensation?: CompensationFacts | null };
    if (compensation === null || compensation === undefined) return null;
    const kappas = compensation.factors.map(({ kappa }) => kappa);
    const [least, largest] = [Math.min(...kappas), Math.max(...kappas)];
    return compensation.method === "shared"
      ? `factor ${largest.toFixed(3)}`
      : `factors ${least.toFixed(2)} to ${largest.toFixed(2)}`;
  }

  async readPredictions(job: Job): Promise<Predictions> {
    const text = await readFile(join(this.runFolder(job), "predictions.csv"), "utf8");
    const [head = "", ...lines] = text.trimEnd().split("\n");
    const columns = head.split(",");
    const rows = lines.map((line) => line.split(",").map(Number));
    const column = (name: string) => rows.map((row) => row[columns.indexOf(name)] as number);
    const times = columns.filter((name) => /^t\d+$/.test(name));
    return {
      labels: column("label"),
      network: column("ann"),
      at: new Map(times.map((name) => [Number(name.slice(1)), column(name)])),
    };
  }
}

interface CompensationFacts {
  readonly method: string;
  readonly factors: readonly { readonly kappa: number }[];
}
