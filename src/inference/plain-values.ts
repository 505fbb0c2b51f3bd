/**
 * What the plain evaluator's operators share: a value is one image's [C,H,W] in float32.
 *
 * Knows: shapes and reading tensors as numbers. May not know: operators, WebAssembly.
 */
import type { Tensor } from "../core/tensor.js";
import type { Shape } from "../graph/node-types.js";
import { outOfMemory } from "./check-run.js";

/** A node's value for one image, row-major [C,H,W]; operators read it and never write to it. */
export interface PlainValue {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** A new value of zeros. @throws RespikeError (exit 5) where it does not fit into memory */
export function zeroValue(shape: Shape): PlainValue {
  const size = shape[0] * shape[1] * shape[2];
  try {
    return { shape, data: new Float32Array(size) };
  } catch (cause) {
    throw outOfMemory(`a value of shape [${shape}]`, 4 * size, cause);
  }
}

/** The element of a tensor as a number. */
export function readElement(tensor: Tensor, index: number): number {
  return Number(tensor.data[index]);
}

/**
 * The parameter of element `index` of a value: tensors [1], [C] and [C,H,W] spread over it.
 *
 * @param area H·W
 */
export function readSpread(tensor: Tensor, index: number, area: number, elements: number): number {
  const { length } = tensor.data;
  if (length === 1) return readElement(tensor, 0);
  return readElement(tensor, length === elements ? index : Math.floor(index / area));
}
