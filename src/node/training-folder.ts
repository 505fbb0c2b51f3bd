/**
 * The run folder of a training: `config.json`, `checkpoint.safetensors`, and what each epoch rewrites.
 *
 * Knows: those files, one process at a time, what makes two runs the same.
 * May not know: what a checkpoint holds, plots.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { refuseUsage } from "../core/respike-error.js";
import { makeFolder } from "../datasets/make-folder.js";
import { claimFolder, type OpenRunOptions } from "./claim-folder.js";
import { refuseDisk, writeWholeFile } from "./write-whole-file.js";

export interface TrainingFolder {
  readonly path: string;
  /** The checkpoint's bytes; null where none was written. */
  readCheckpoint(): Promise<Uint8Array | null>;
  /** Writes one of the run's files whole. */
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
 * or another process trains in it; exit 5 where the disk refuses
 */
export async function openTrainingFolder(
  path: string,
  { resume = false, force = false }: OpenRunOptions,
): Promise<TrainingFolder> {
  return claimFolder(path, { resume, force }, async (release) => {
    if (resume) await refuseOtherRun(path);
    else await emptyFolder(path);
    await makeFolder(join(path, "plots")).catch((cause: unknown) => {
      throw refuseDisk(path, cause);
    });
    return {
      path,
      readCheckpoint: () => readCheckpoint(join(path, checkpointName)),
      write: (name, content) => writeWholeFile(join(path, name), content, { force: true }),
      close: release,
    };
  });
}

function readCheckpoint(file: string): Promise<Uint8Array | null> {
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw refuseDisk(file, cause);
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
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw refuseDisk(file, cause);
  });
  if (text === null || readSchema(text) === trainingSchema) return;
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
