/**
 * A run folder for one process: not overwritten without a word, locked while it is written.
 *
 * Knows: that it is empty, that its lock is free. May not know: which files a run writes.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type RespikeError, refuseUsage } from "../core/respike-error.js";
import { takeLock } from "../datasets/cache-lock.js";
import { makeFolder } from "../datasets/make-folder.js";
import { refuseDisk } from "./write-whole-file.js";

export interface OpenRunOptions {
  /** Go on with what the folder holds; starts anew where it holds nothing. */
  readonly resume?: boolean | undefined;
  /** Empty a run folder that exists. */
  readonly force?: boolean | undefined;
}

/** What one process at a time has of a run folder. */
export interface FolderClaim {
  /** @throws RespikeError (exit 2) where another process has taken the folder, before which this one was silent for a minute */
  refuseLost(): Promise<void>;
  release(): Promise<void>;
}

/** Names that begin so are those of the lock, and of files that are made to look at it. */
const lockName = ".lock";

/** One of these is there as soon as a run of any kind is begun, whole or under its temporary name. */
const firstFiles = ["config.json", "checkpoint.safetensors", "plots"];

/**
 * Makes the folder, locks it and opens the run in it.
 *
 * @param open what it gives must ask before each write whether the lock is lost, and release it at its end; it is released
 * here where this throws
 * @throws RespikeError exit 2 where the folder holds something without `resume` or `force`, files of no run with `resume`,
 * or another process writes it; exit 5 where the disk refuses
 */
export async function claimFolder<Run>(
  path: string,
  options: OpenRunOptions,
  open: (release: () => Promise<void>, claim: FolderClaim) => Promise<Run>,
): Promise<Run> {
  await refuseExistingRun(path, options);
  await makeFolder(path).catch((cause: unknown) => {
    throw refuseDisk(path, cause);
  });
  const lock = await takeLock(join(path, lockName));
  if (lock === undefined) throw refuseShared(path, "another one is writing it");
  const { release } = lock;
  const refuseLost = async () => {
    if (!(await lock.isHeld())) throw refuseShared(path, "another one has taken it over from this one");
  };
  try {
    return await open(release, { release, refuseLost });
  } catch (cause) {
    await release();
    throw cause;
  }
}

/**
 * @param next what the user may do about it
 * @throws RespikeError (exit 2) where the folder holds something and neither `resume` nor `force` is given, or nothing
 * of a run to resume
 */
export async function refuseExistingRun(
  path: string,
  { resume = false, force = false }: OpenRunOptions,
  next = "use --resume to go on, --force to start anew, or another --out",
): Promise<void> {
  const found = (await listFolder(path)).filter((name) => !name.startsWith(lockName));
  if (found.length === 0 || force) return;
  const isBegun = found.some((name) => firstFiles.some((first) => name.startsWith(first)));
  if (resume && isBegun) return;
  throw refuseUsage({
    code: "output-exists",
    where: path,
    rule: resume
      ? "a run goes on in the folder it began"
      : "a folder that holds something is not overwritten",
    value: `${found.length} ${found.length === 1 ? "file" : "files"}${resume ? ", none of a run" : ""}`,
    next: resume ? "name the run's folder, or use another --out" : next,
  });
}

function refuseShared(path: string, value: string): RespikeError {
  return refuseUsage({
    code: "run-in-use",
    where: path,
    rule: "one process writes a run folder at a time",
    value,
    next: "wait for it, or use another --out",
  });
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    if ((cause as NodeJS.ErrnoException).code === "ENOTDIR") {
      throw refuseUsage({
        code: "output-exists",
        where: path,
        rule: "the run folder is a folder",
        value: "a file of that name exists",
        next: "use another --out",
      });
    }
    throw refuseDisk(path, cause);
  }
}
