/**
 * Small computed results on disk, found by a key.
 *
 * Knows: files named by a hash; a damaged or missing entry is no entry. May not know: what entries mean.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hashBytes, hashText } from "../core/sha256.js";
import { writeWholeFile } from "./write-whole-file.js";

export interface FileCache {
  /** The bytes put under the key, or nothing. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keeps bytes; a disk that refuses is no error, the entry is then missing. */
  put(key: string, bytes: Uint8Array): Promise<void>;
}

const hashLength = 64;

/**
 * @param folder the cache folder
 * @param name of the subfolder, for example `statistics`
 */
export function openFileCache(folder: string, name: string): FileCache {
  const pathOf = (key: string) => join(folder, name, hashText(key));
  return {
    async get(key) {
      const content = await readFile(pathOf(key)).catch(() => undefined);
      if (content === undefined || content.length < hashLength) return undefined;
      // Node's small buffers are views of a shared pool: the entry gets a memory of its own.
      const bytes = new Uint8Array(content.subarray(hashLength));
      const expected = content.subarray(0, hashLength).toString("latin1");
      return hashBytes(bytes) === expected ? bytes : undefined;
    },
    async put(key, bytes) {
      const content = Buffer.concat([Buffer.from(hashBytes(bytes), "latin1"), bytes]);
      await writeWholeFile(pathOf(key), content, { force: true }).catch(() => {});
    },
  };
}
