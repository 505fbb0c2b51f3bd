/**
 * Files that appear whole or not at all.
 *
 * Knows: temporary name, fsync, rename. May not know: what files hold.
 */

import { randomUUID } from "node:crypto";
import { access, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { exitCodes, RespikeError, refuseUsage } from "../core/respike-error.js";
import { makeFolder } from "../datasets/make-folder.js";

export interface WriteOptions {
  /** Replace an existing file. */
  readonly force?: boolean | undefined;
}

/**
 * Writes a file under a temporary name beside its place, flushes it to the disk and renames it.
 *
 * @throws RespikeError exit 2 where the file exists and `force` is not set; exit 5 where the disk refuses
 */
export async function writeWholeFile(
  path: string,
  content: Uint8Array | string,
  { force = false }: WriteOptions = {},
): Promise<void> {
  if (!force) await refuseExisting(path);
  const temporary = `${resolve(path)}.${randomUUID()}.tmp`;
  try {
    await makeFolder(dirname(temporary));
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw refuseDisk(path, cause);
  }
}

/** @throws RespikeError (exit 2) where something lies at `path` */
export async function refuseExisting(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  throw refuseUsage({
    code: "output-exists",
    where: path,
    rule: "an existing output is not overwritten",
    value: "exists",
    next: "use --force, or another name",
  });
}

/**
 * Asks the disk for a file of that name, before work whose result belongs there.
 *
 * @throws RespikeError (exit 5) where the disk refuses one
 */
export async function refuseUnwritable(path: string): Promise<void> {
  const temporary = `${resolve(path)}.${randomUUID()}.tmp`;
  try {
    await makeFolder(dirname(temporary));
    await (await open(temporary, "wx")).close();
    await rm(temporary);
  } catch (cause) {
    throw refuseDisk(path, cause);
  }
}

/** An error of the disk (exit 5). */
export function refuseDisk(path: string, cause: unknown): RespikeError {
  return new RespikeError(
    exitCodes.environment,
    {
      code: "disk",
      where: path,
      rule: "the file can be written",
      value: cause instanceof Error ? cause.message : String(cause),
      next: "check the path, its permissions and the free space",
    },
    { cause },
  );
}
