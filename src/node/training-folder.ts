/**
 * The run folder of a training: `config.json`, `checkpoint.safetensors`, and what each epoch rewrites.
 *
 * Knows: those files, one process at a time, what makes two runs the same.
 * May not know: what a checkpoint holds, plots.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { RespikeError, refuseInput, refuseUsage } from "../core/respike-error.js";
import { makeFolder } from "../datasets/make-folder.js";
import { claimFolder, type OpenRunOptions } from "./claim-folder.js";
import { readInputFile } from "./read-input-file.js";
import { refuseDisk, writeWholeFile } from "./write-whole-file.js";

export interface TrainingFolder {
  readonly path: string;
  /**
   * The checkpoint's bytes; null where none was written.
   *
   * @throws RespikeError (exit 3) where something else lies in its place, or it cannot be read
   */
  readCheckpoint(): Promise<Uint8Array | null>;
  /**
   * Writes one of the run's files whole.
   *
   * @throws RespikeError exit 2 where another process has taken the folder over; exit 5 where the disk refuses
   */
  write(name: string, content: Uint8Array | string): Promise<void>;
  close(): Promise<void>;
}

export const checkpointName = "checkpoint.safetensors";
/** What `config.json` begins with. */
export const trainingSchema = "respike.training/1";
const runFiles = [
  ...["results.json", checkpointName, "config.json", "curve.csv", "progress.jsonl"],
  ...["report.html", "plots"],
];

/**
 * @throws RespikeError exit 2 where the folder holds something without `resume` or `force`, or a run of another kind,
 * or another process trains in it; exit 3 where a file of it is a folder or cannot be read; exit 5 where the disk refuses
 */
export async function openTrainingFolder(
  path: string,
  { resume = false, force = false }: OpenRunOptions,
): Promise<TrainingFolder> {
  return claimFolder(path, { resume, force }, async (release, { refuseLost }) => {
    if (resume) await refuseOtherRun(path);
    else await emptyFolder(path);
    await makeFolder(join(path, "plots")).catch((cause: unknown) => {
      throw refuseDisk(path, cause);
    });
    return {
      path,
      readCheckpoint: () => readRunFile(join(path, checkpointName)),
      async write(name, content) {
        await refuseLost();
        await writeWholeFile(join(path, name), content, { force: true });
      },
      close: release,
    };
  });
}

/** Null where there is none. */
function readRunFile(file: string): Promise<Uint8Array | null> {
  return readInputFile(file).catch((cause: unknown) => {
    if (!(cause instanceof RespikeError)) throw cause;
    const { code, value } = cause;
    if (code === "file-missing") return null;
    const rule = "a run goes on with a file that can be read";
    throw refuseInput(
      { code, where: file, rule, value, next: "move it away to start anew, or use another --out" },
      cause,
    );
  });
}

async function emptyFolder(path: string): Promise<void> {
  for (const name of runFiles) {
    await rm(join(path, name), { recursive: true, force: true }).catch((cause: unknown) => {
      throw refuseDisk(path, cause);
    });
  }
}

/** @throws RespikeError (exit 2) where the folder's `config.json` is not that of a training, which would be overwritten */
async function refuseOtherRun(path: string): Promise<void> {
  const file = join(path, "config.json");
  const bytes = await readRunFile(file);
  if (bytes === null || readSchema(new TextDecoder().decode(bytes)) === trainingSchema) return;
  throw refuseUsage({
    code: "run-differs",
    where: file,
    rule: "a training goes on in the run folder of a training",
    value: "a run of another kind",
    next: "use another --out",
  });
}

function readSchema(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly schema?: unknown } | null)?.schema;
  } catch {
    return undefined;
  }
}
