/**
 * The gradient of a convolution's weight as matrix products, for devices that are slow at convolutions with windows of
 * the map's size.
 *
 *   ∂w[o,i,k] = Σ_{n,p} ∂y[n,o,p]·x[n,i,s·p+k−pad]: one product over (n,p) for each k
 *
 * With x as [I, N·Hx·Wx] (padded) and, for stride 1, ∂y laid out on the same padded rows, the window's offset k is a
 * shift along the flat axis; for other strides it is a strided slice.
 */
import type { OnnxBuilder } from "../onnx-builder.js";
import type { ConvGeometry, FourExtents } from "./conv-geometry.js";

export function emitWeightProducts(
  b: OnnxBuilder,
  geometry: ConvGeometry,
  x: string,
  gradient: string,
): string {
  const { input, output, kernel, stride, padding } = geometry;
  const [kh, kw] = kernel;
  const padded = emitChannelsFirst(b, emitPad(b, x, padding));
  const flat = stride[0] === 1 && stride[1] === 1 && kh * kw > 1;
  const products = flat
    ? emitShifted(b, geometry, padded, gradient)
    : emitStrided(b, geometry, padded, emitChannelsFirst(b, gradient));
  const shape = [output[1], input[1], kh, kw] as const;
  if (products.length === 1) return b.reshape(products[0] as string, shape);
  const columns = products.map((product) => b.reshape(product, [output[1], input[1], 1]));
  return b.reshape(b.emit("Concat", columns, { axis: { int: 2 } }), shape);
}

const emitChannelsFirst = (b: OnnxBuilder, value: string) =>
  b.emit("Transpose", [value], { perm: { ints: [1, 0, 2, 3] } });

function emitPad(b: OnnxBuilder, value: string, padding: ConvGeometry["padding"]): string {
  if (padding.every((side) => side === 0)) return value;
  const [top, left, bottom, right] = padding;
  return b.emit("Pad", [value, b.ints([0, 0, top, left, 0, 0, bottom, right])]);
}

/** Stride 1: ∂y·xᵀ with x shifted by ky rows and kx columns along the flat axis. */
function emitShifted(
  b: OnnxBuilder,
  { input, output, kernel, padding }: ConvGeometry,
  padded: string,
  gradient: string,
): string[] {
  const rows = input[2] + padding[0] + padding[2];
  const columns = input[3] + padding[1] + padding[3];
  const length = input[0] * rows * columns;
  const reach = (kernel[0] - 1) * columns + kernel[1] - 1;
  const cut = (value: string, channels: number, from: number) =>
    b.emit("Slice", [
      b.reshape(value, [channels, length]),
      b.ints([from]),
      b.ints([length - reach + from]),
      b.ints([1]),
    ]);
  const spread = emitPad(b, gradient, [0, 0, rows - output[2], columns - output[3]]);
  const dy = cut(emitChannelsFirst(b, spread), output[1], 0);
  return listOffsets(kernel).map(([ky, kx]) =>
    b.emit("Gemm", [dy, cut(padded, input[1], ky * columns + kx)], { transB: { int: 1 } }),
  );
}

function emitStrided(
  b: OnnxBuilder,
  { input, output, kernel, stride }: ConvGeometry,
  padded: string,
  gradient: string,
): string[] {
  const positions = output[0] * output[2] * output[3];
  const dy = b.reshape(gradient, [output[1], positions]);
  const last = (offset: number, axis: 0 | 1) => offset + extent(output, axis) * stride[axis] + 1;
  return listOffsets(kernel).map(([ky, kx]) => {
    const seen = b.emit("Slice", [
      padded,
      b.ints([ky, kx]),
      b.ints([last(ky, 0), last(kx, 1)]),
      b.ints([2, 3]),
      b.ints(stride),
    ]);
    return b.emit("Gemm", [dy, b.reshape(seen, [input[1], positions])], { transB: { int: 1 } });
  });
}

/** Positions along an axis of the map, less the first. */
const extent = (shape: FourExtents, axis: 0 | 1) => shape[axis === 0 ? 2 : 3] - 1;

function listOffsets([kh, kw]: readonly [number, number]): (readonly [number, number])[] {
  return Array.from({ length: kh * kw }, (_, at) => [Math.floor(at / kw), at % kw] as const);
}
