/**
 * Labelled images, decoded and in memory.
 *
 * Knows: pixels, labels, splits. May not know: models, preprocessing, where bytes came from.
 */
import type { Shape } from "../graph/node-types.js";

export interface ImageSet {
  readonly n: number;
  readonly shape: Shape;
  /** [N,C,H,W] in file order: bytes 0…255, or floats in the range that the model's preprocessing declares. Read only. */
  readonly pixels: Uint8Array | Float32Array;
  /** [N] */
  readonly labels: Int32Array;
}

export interface Dataset {
  readonly name: string;
  readonly shape: Shape;
  readonly classes: number;
  readonly classNames: readonly string[];
  readonly splits: { readonly train: ImageSet; readonly test: ImageSet };
}

/** The pixels of some images, one after the other, in a new array. */
export function gatherImages(set: ImageSet, indices: ArrayLike<number>): Uint8Array | Float32Array {
  const size = set.shape[0] * set.shape[1] * set.shape[2];
  const Pixels = set.pixels.constructor as new (length: number) => Uint8Array | Float32Array;
  const result = new Pixels(size * indices.length);
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    result.set(set.pixels.subarray(index * size, (index + 1) * size), at * size);
  }
  return result;
}
