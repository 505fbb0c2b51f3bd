/**
 * A folder and its parents, one by one.
 *
 * Knows: the file system. May not know: what the folder is for.
 * Node's own `mkdir` with `recursive` never returns below folders such as /proc, where a parent
 * exists and a child cannot: it tries the parent again for ever.
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Makes what is missing of a path; a folder that is there is left alone. Rejects as `mkdir` does. */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  try {
    await mkdir(folder);
  } catch (cause) {
    // made by another process meanwhile
    const now = await stat(folder).catch(() => undefined);
    if (now?.isDirectory() !== true) throw cause;
  }
}
