/**
 * One split as decoded bytes, and the hashes that name its content.
 *
 * Knows: pixels as bytes, labels as bytes, SHA-256. May not know: sources, files.
 */
import { hashBytes } from "../core/sha256.js";

/** Pixels uint8 [N,C,H,W] in file order and labels uint8 [N]. */
export interface DecodedSplit {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** The hashes of a split's content, 64 lower-case hexadecimal digits each. */
export interface SplitHashes {
  /** SHA-256 of the pixels, uint8 [N,C,H,W] in file order. */
  readonly imagesSha256: string;
  /** SHA-256 of the labels, uint8 [N] in file order. */
  readonly labelsSha256: string;
  /** The same for any order of the images: see {@link hashSplit}. */
  readonly setSha256: string;
}

/**
 * Hashes a split. With dᵢ = SHA-256(bytes of image i ‖ bytes of its label) (32 bytes each),
 * `setSha256` = SHA-256 of all dᵢ one after the other in ascending (bytewise) order.
 *
 * @param pixels n images of the same number of bytes, one after the other
 * @param labels n labels of the same number of bytes
 * @param digest SHA-256 of the parts as hexadecimal text; Node's own is several times faster
 */
export function hashSplit(
  pixels: Uint8Array,
  labels: Uint8Array,
  n: number,
  digest: typeof hashBytes = hashBytes,
): SplitHashes {
  const size = pixels.length / n;
  const width = labels.length / n;
  const digests = Array.from({ length: n }, (_, at) =>
    digest(pixels.subarray(at * size, (at + 1) * size), labels.subarray(at * width, (at + 1) * width)),
  ).sort();
  return {
    imagesSha256: digest(pixels),
    labelsSha256: digest(labels),
    setSha256: digest(joinHex(digests)),
  };
}

function joinHex(digests: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(digests.length * 32);
  digests.forEach((hex, row) => {
    for (let at = 0; at < 32; at++) bytes[row * 32 + at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  });
  return bytes;
}

/** SHA-256 over image indices as int32 little endian: names a choice of images. */
export function hashIndices(indices: ArrayLike<number>): string {
  const bytes = new Uint8Array(indices.length * 4);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < indices.length; at++) view.setInt32(at * 4, indices[at] as number, true);
  return hashBytes(bytes);
}
