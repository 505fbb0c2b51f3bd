/**
 * Reads a file that the user named.
 *
 * Knows: what can be wrong with a path. May not know: formats.
 */
import { readFile, stat } from "node:fs/promises";
import { refuseInput } from "../core/respike-error.js";

/** Larger inputs are refused: 2 GiB − 1, what one array holds everywhere. */
export const largestInputFile = 2 ** 31 - 1;

/**
 * @param limit bytes
 * @returns the whole file in a memory of its own
 * @throws RespikeError (exit 3) for a missing, unreadable or too large file, or a folder
 */
export async function readInputFile(path: string, limit = largestInputFile): Promise<Uint8Array> {
  const fail = (cause: unknown) => {
    throw describeFailure(path, cause);
  };
  // Before opening: opening a pipe would wait for its writer.
  const stats = await stat(path).catch(fail);
  if (!stats.isFile()) {
    const value = stats.isDirectory() ? "a folder" : "not a regular file";
    throw refuse(path, "not-a-file", "the input is a file", value, "name a file");
  }
  if (stats.size > limit) {
    const value = `${stats.size} bytes`;
    throw refuse(path, "file-too-large", `at most ${limit} bytes`, value, "check that it is the right file");
  }
  const content = await readFile(path).catch(fail);
  return content.byteLength === content.buffer.byteLength ? content : new Uint8Array(content);
}

function describeFailure(path: string, cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR")
    return refuse(
      path,
      "file-missing",
      "a file that exists is wanted",
      "no such file",
      "check the path",
      cause,
    );
  if (code === "EISDIR")
    return refuse(path, "not-a-file", "the input is a file", "a folder", "name a file", cause);
  const value = cause instanceof Error ? cause.message : String(cause);
  return refuse(path, "file-unreadable", "the file can be read", value, "check its permissions", cause);
}

function refuse(
  where: string,
  code: string,
  rule: string,
  value: string,
  next: string,
  cause?: unknown,
): Error {
  return refuseInput({ code, where, rule, value, next }, cause);
}
