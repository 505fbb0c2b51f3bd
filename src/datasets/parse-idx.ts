/**
 * IDX, the format of the original MNIST files.
 *
 * Knows: magic 00 00 08 d (08 = uint8, d = number of axes), d sizes as uint32 big endian,
 * then the values, last axis fastest. May not know: which file it is, labels' meaning.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats".
 */
import { refuseInput } from "../core/respike-error.js";
import type { DecodedSplit } from "./decoded-split.js";

export interface IdxArray {
  readonly dims: readonly number[];
  /** A view of the file's bytes. */
  readonly data: Uint8Array;
}

/**
 * @param where names the file in errors
 * @throws RespikeError (exit 3) where the bytes are no uint8 IDX file of exactly its declared size
 */
export function parseIdx(bytes: Uint8Array, where: string): IdxArray {
  const fail = (rule: string, value: string) =>
    refuseInput({ code: "bad-idx", where, rule, value, next: "download the file again" });
  const axes = bytes[3] ?? 0;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 8 || axes < 1 || axes > 4) {
    const head = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw fail("an IDX file of bytes begins with 00 00 08 and its number of axes", head || "an empty file");
  }
  const start = 4 + 4 * axes;
  if (bytes.length < start) throw fail(`the header has ${start} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dims = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (bytes.length !== start + size) {
    throw fail(`${start} bytes of header and ${dims.join("×")} values`, `${bytes.length} bytes`);
  }
  return { dims, data: bytes.subarray(start) };
}

/** A split of grey images [N,1,H,W] from its two IDX files; views of their bytes. */
export function decodeIdxSplit(
  images: Uint8Array,
  labels: Uint8Array,
  where: { readonly images: string; readonly labels: string },
): DecodedSplit {
  const pixels = parseIdx(images, where.images);
  const classes = parseIdx(labels, where.labels);
  if (pixels.dims.length !== 3 || classes.dims.length !== 1 || pixels.dims[0] !== classes.dims[0]) {
    throw refuseInput({
      code: "count-mismatch",
      where: `${where.images}, ${where.labels}`,
      rule: "images [N,H,W] and as many labels [N]",
      value: `images [${pixels.dims}], labels [${classes.dims}]`,
      next: "use the two files of the same split",
    });
  }
  return { pixels: pixels.data, labels: classes.data };
}
