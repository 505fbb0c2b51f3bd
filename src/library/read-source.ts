/**
 * The bytes of what a caller named: a path, a URL, or bytes already.
 *
 * Knows: files. May not know: what the bytes are.
 */
import { basename } from "node:path";
import { fetchBytes } from "../core/fetch-bytes.js";
import { readInputFile } from "../node/read-input-file.js";

export type Source = string | URL | Uint8Array;

/** @throws RespikeError exit 3 for a file that cannot be read, 5 for an address that does not answer */
export async function readSource(source: Source): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  return source instanceof URL ? await fetchBytes(source) : await readInputFile(source);
}

/** The source's name without folders; `bytes` where it has none. */
export function nameSource(source: Source): string {
  if (source instanceof Uint8Array) return "bytes";
  return basename(source instanceof URL ? source.pathname : source);
}
