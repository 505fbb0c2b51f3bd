/**
 * The gradient of a convolution's weight, in ordinary ONNX operators.
 *
 *   ∂w[o,i,k] = Σ_{n,p} ∂y[n,o,p]·x[n,i,s·p+k−pad]
 *
 * is itself a convolution: images take the place of channels and ∂y gives windows of the size of the map, dilated by
 * the stride. With x's channels beside each other behind every pixel, a row of W pixels of I channels is a row of W·I
 * pixels of one channel, windows dilated by I: so the result has kh rows of kw·I values, and the engine copies x in
 * long pieces. Every group of images has a result of its own; they are summed.
 *
 *   x   [N,I,H,W]        → [1,N,H,W·I], by a product with the identity, which takes all threads, as Transpose does not
 *   ∂y  [N,O,H′,W′]      → G·O windows [N/G,H′,W′]
 *   ∂w  [1,G·O,kh,kw·I]  → [O,I,kh,kw]
 *
 * A 1×1 window is a matrix product for each image.
 */
import type { OnnxBuilder } from "../onnx-builder.js";
import type { ConvGeometry, FourExtents } from "./conv-geometry.js";

/** Below this many positions of a map, images share a group until they have `fewestTerms` together. */
const fewPositions = 256;
const fewestTerms = 1024;

export function emitWeightGradient(
  builder: OnnxBuilder,
  geometry: ConvGeometry,
  x: string,
  gradient: string,
): string {
  const { kernel, padding } = geometry;
  const pointwise = kernel[0] * kernel[1] === 1 && padding.every((side) => side === 0);
  return pointwise
    ? emitPointwise(builder, geometry, x, gradient)
    : emitWindows(builder, geometry, x, gradient);
}

/** Σₙ ∂y[n]·x[n]ᵀ over the pixels that were seen. */
function emitPointwise(
  b: OnnxBuilder,
  { input, output, kernel, stride }: ConvGeometry,
  x: string,
  gradient: string,
): string {
  const [batch, outputs, rows, columns] = output;
  const strided = stride[0] * stride[1] > 1;
  const seen = strided
    ? b.emit("AveragePool", [x], { kernel_shape: { ints: kernel }, strides: { ints: stride } })
    : x;
  const products = b.emit("MatMul", [
    b.reshape(gradient, [batch, outputs, rows * columns]),
    emitTransposed(b, seen, [batch, input[1], rows, columns]),
  ]);
  return b.reshape(b.sum(products, [0], false), [outputs, input[1], 1, 1]);
}

function emitWindows(b: OnnxBuilder, geometry: ConvGeometry, x: string, gradient: string): string {
  const { input, output, kernel, stride, padding } = geometry;
  const [batch, inputs, height, width] = input;
  const [, outputs, rows, columns] = output;
  const after = (axis: 0 | 1) =>
    ((output[axis + 2] as number) - 1) * stride[axis] +
    kernel[axis] -
    (input[axis + 2] as number) -
    (padding[axis] as number);
  const [below, right] = [after(0), after(1)];
  const images = countImages(batch, rows * columns);
  const groups = batch / images;
  const result = b.emit(
    "Conv",
    [
      b.reshape(emitChannelsLast(b, x, input), [1, batch, height, width * inputs]),
      b.reshape(emitGroups(b, gradient, output, images), [groups * outputs, images, rows, columns]),
    ],
    {
      pads: { ints: [padding[0], padding[1] * inputs, Math.max(below, 0), Math.max(right, 0) * inputs] },
      dilations: { ints: [stride[0], stride[1] * inputs] },
      group: { int: groups },
    },
  );
  const extents = [kernel[0] + Math.max(-below, 0), kernel[1] + Math.max(-right, 0)] as const;
  const sum = b.sum(b.reshape(result, [groups, outputs, ...extents, inputs]), [0], false);
  return b.emit("Transpose", [cutTo(b, sum, extents, kernel)], { perm: { ints: [0, 3, 1, 2] } });
}

/** Images of a group: one, or for small maps the fewest that have enough terms, a divisor of N. */
function countImages(batch: number, positions: number): number {
  if (positions >= fewPositions) return 1;
  let images = 1;
  while (images < batch && (batch % images !== 0 || images * positions < fewestTerms)) images++;
  return images;
}

/** [N,O,H,W] → [G,O,N/G,H,W] */
function emitGroups(
  b: OnnxBuilder,
  gradient: string,
  [batch, outputs, rows, columns]: FourExtents,
  images: number,
): string {
  if (images === 1 || outputs === 1) return gradient;
  const grouped = b.reshape(gradient, [batch / images, images, outputs, rows * columns]);
  return b.emit("Transpose", [grouped], { perm: { ints: [0, 2, 1, 3] } });
}

/** [N,C,H,W] → [N,H·W,C] */
function emitChannelsLast(b: OnnxBuilder, value: string, shape: FourExtents): string {
  const channels = shape[1];
  if (channels === 1) return value;
  const diagonal = Array.from({ length: channels ** 2 }, (_, at) => (at % (channels + 1) === 0 ? 1 : 0));
  return b.emit("MatMul", [emitTransposed(b, value, shape), b.constant([channels, channels], diagonal)]);
}

/** [N,C,H,W] → [N,H·W,C], as an operand of a MatMul, which the engine makes one operator of. */
function emitTransposed(
  b: OnnxBuilder,
  value: string,
  [batch, channels, height, width]: FourExtents,
): string {
  const flat = b.reshape(value, [batch, channels, height * width]);
  return b.emit("Transpose", [flat], { perm: { ints: [0, 2, 1] } });
}

/** The first rows and columns of [O,rows,columns,I]: a stride may leave the last pixels unseen. */
function cutTo(
  b: OnnxBuilder,
  value: string,
  extents: readonly [number, number],
  [rows, columns]: readonly [number, number],
): string {
  if (extents[0] === rows && extents[1] === columns) return value;
  return b.emit("Slice", [value, b.ints([0, 0]), b.ints([rows, columns]), b.ints([1, 2])]);
}
