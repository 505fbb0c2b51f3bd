/**
 * Dense tensors: a typed array, its shape and its element type.
 *
 * Knows: element types and row-major layout (last axis fastest).
 * May not know: what the numbers mean.
 *
 * A tensor is immutable by convention: whoever receives one may read `data`
 * but never writes to it; to change a value, make a new tensor.
 */

export interface TensorData {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
}

export type ElementType = keyof TensorData;

export interface Tensor<T extends ElementType = ElementType> {
  readonly dtype: T;
  readonly shape: readonly number[];
  readonly data: TensorData[T];
}

export const bytesPerElement: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float64: 8,
  int8: 1,
  uint8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
};

/** Number of elements of a shape; 1 for the empty shape. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A float32 tensor over `data`, which the tensor owns from now on. */
export function float32Tensor(
  shape: readonly number[],
  data: Float32Array | readonly number[],
): Tensor<"float32"> {
  return makeTensor("float32", shape, data instanceof Float32Array ? data : new Float32Array(data));
}

/** A tensor over `data`, which it owns from now on; throws a `RangeError` where sizes disagree (a defect of the caller). */
export function makeTensor<T extends ElementType>(
  dtype: T,
  shape: readonly number[],
  data: TensorData[T],
): Tensor<T> {
  if (data.length !== countElements(shape)) {
    throw new RangeError(`tensor of shape [${shape}] given ${data.length} elements`);
  }
  return { dtype, shape, data };
}
