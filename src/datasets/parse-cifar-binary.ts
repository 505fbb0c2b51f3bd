/**
 * The binary files of CIFAR-10 and CIFAR-100.
 *
 * Knows: records of one label byte (CIFAR-10) or two (CIFAR-100: coarse, then fine, which is
 * the class), then 3,072 bytes: the planes R, G, B of 32×32, rows from the top.
 * May not know: where the files came from.
 *
 * Source: A. Krizhevsky, "The CIFAR-10 dataset", section "Binary version".
 */
import { refuseInput } from "../core/respike-error.js";
import type { DecodedSplit } from "./decoded-split.js";

const pixelBytes = 3 * 32 * 32;

/**
 * The records of one file after the other, as one split; new arrays.
 *
 * @param files name (for errors) and bytes of each
 * @param labelBytes 1 or 2; the last is the class
 * @throws RespikeError (exit 3) where a file is empty or no whole number of records
 */
export function parseCifarBinary(
  files: readonly (readonly [name: string, bytes: Uint8Array])[],
  labelBytes: 1 | 2,
): DecodedSplit {
  const record = labelBytes + pixelBytes;
  const broken = files.filter(([, bytes]) => bytes.length === 0 || bytes.length % record !== 0);
  if (broken.length > 0) {
    throw refuseInput(
      broken.map(([where, bytes]) => ({
        code: "bad-record-size",
        where,
        rule: `a whole number of records of ${record} bytes`,
        value: `${bytes.length} bytes`,
        next: "download the file again: this one is truncated or of another kind",
      })),
    );
  }
  const n = files.reduce((sum, [, bytes]) => sum + bytes.length / record, 0);
  const pixels = new Uint8Array(n * pixelBytes);
  const labels = new Uint8Array(n);
  let image = 0;
  for (const [, bytes] of files) {
    for (let at = 0; at < bytes.length; at += record, image++) {
      labels[image] = bytes[at + labelBytes - 1] as number;
      pixels.set(bytes.subarray(at + labelBytes, at + record), image * pixelBytes);
    }
  }
  return { pixels, labels };
}
