/**
 * The gradient of a convolution's weight on blocked values.
 *
 *   ∂w[o,i,k] = Σ_{n,p} ∂y[n,o,p]·x[n,i,s·p+k−pad]
 *
 * is itself a convolution, with images in the place of channels: ∂y gives O windows of the size of the
 * map, dilated by the stride. A block of x's channels lies beside each other behind every pixel and stays
 * there: a row of W pixels and L channels is a row of W·L pixels of one channel, windows dilated by L. So
 * no channel has to be moved, and a row of the result has kw·L values, which keeps the kernel busy.
 *
 *   x   [N,I/L,H,W,L]   → [I/L,N,H,W·L], blocked over N
 *   ∂y  [N,O/B,P,B]     → filter [O,N,H′,W′]: blocks [O/B,N/B,P,B(n),B(o)]
 *   ∂w  [I/L,O,kh,kw·L] → [O,I,kh,kw]
 *
 * L is B, or 1 for images in row-major order. Two halves of the batch are two groups with a result each:
 * else 3 rows of results would be shared by 2 threads. Columns are padded before the convolution, for a
 * window of the size of the map is slow at a border; rows that lie outside cost nothing.
 */
import type { ConvGeometry, FourExtents } from "../rules/conv-geometry.js";
import type { BlockLayout } from "./block-layout.js";

/** @param x blocked, or in row-major order where its channels are no blocks */
export function emitWeightGradient(
  layout: BlockLayout,
  geometry: ConvGeometry,
  x: string,
  gradient: string,
): string {
  const { kernel, stride, padding, input } = geometry;
  const pointwise = kernel[0] * kernel[1] === 1 && padding.every((side) => side === 0);
  const strided = stride[0] * stride[1] > 1;
  if (!(pointwise && strided && layout.fits(input[1]))) {
    return emitProduct(layout, geometry, x, gradient);
  }
  const [batch, channels] = input;
  const { output } = geometry;
  const seen = layout.copyPixels(x, channels, { stride });
  const smaller = { ...geometry, input: [batch, channels, output[2], output[3]], stride: [1, 1] } as const;
  return emitProduct(layout, smaller, seen, gradient);
}

function emitProduct(layout: BlockLayout, geometry: ConvGeometry, x: string, gradient: string): string {
  const { input, output, kernel, stride, padding } = geometry;
  const [batch, inputs, height, width] = input;
  const [outputs] = [output[1]];
  const lanes = layout.fits(inputs) ? layout.block : 1;
  const halves = batch % (2 * layout.block) === 0 ? 2 : 1;
  const after = (axis: 0 | 1) =>
    ((output[axis + 2] as number) - 1) * stride[axis] +
    kernel[axis] -
    (input[axis + 2] as number) -
    (padding[axis] as number);
  const groups = inputs / lanes;
  const rows = swapFirst(layout, x, [1, batch, groups, height * width * lanes]);
  const images = layout.toBlocks(layout.builder.reshape(rows, [groups, batch, height, width * lanes]));
  const sides = [padding[1] * lanes, Math.max(after(1), 0) * lanes] as const;
  const padded =
    sides[0] + sides[1] === 0
      ? images
      : layout.copyPixels(images, batch, { padding: [0, sides[0], 0, sides[1]] });
  const product = layout.convolve(padded, arrangeWindows(layout, gradient, output, halves), {
    kernel: [output[2], output[3]],
    dilation: [stride[0], stride[1] * lanes],
    padding: [padding[0], 0, Math.max(after(0), 0), 0],
    groups: halves,
  });
  const extents = [kernel[0] + Math.max(-after(0), 0), kernel[1] + Math.max(-after(1), 0)] as const;
  return arrangeResult(layout, geometry, product, { groups, halves, lanes, outputs, extents });
}

/** ∂y as a filter from N/halves to halves·O channels. */
function arrangeWindows(
  layout: BlockLayout,
  gradient: string,
  [batch, channels, height, width]: FourExtents,
  halves: number,
): string {
  const { builder: b, block } = layout;
  const row = height * width * block;
  const chunks = swapFirst(layout, gradient, [halves, batch / halves, channels / block, row]);
  const blocks = layout.lastToBlocks(b.reshape(chunks, [(batch * channels) / block ** 2, block, 1, row]));
  return b.reshape(blocks, [halves * channels, batch / halves, height, width]);
}

/** Rows in long pieces: the second and third axis change places. */
function swapFirst(
  layout: BlockLayout,
  value: string,
  shape: readonly [number, number, number, number],
): string {
  const [first, second, third, row] = shape;
  if (second === 1 || third === 1) return value;
  const order = Array.from({ length: first * second * third }, (_, at) => {
    const [outer, inner] = [Math.floor(at / second), at % second];
    return (Math.floor(outer / third) * second + inner) * third + (outer % third);
  });
  return layout.takeRows(value, order, row);
}

function arrangeResult(
  layout: BlockLayout,
  { kernel, input }: ConvGeometry,
  product: string,
  parts: {
    readonly groups: number;
    readonly halves: number;
    readonly lanes: number;
    readonly outputs: number;
    /** rows and columns that were computed */
    readonly extents: readonly [number, number];
  },
): string {
  const { builder: b, block } = layout;
  const { groups, halves, lanes, outputs, extents } = parts;
  const [rows, columns] = kernel;
  const blocks = outputs / block;
  const folded = b.reshape(product, [groups, halves, blocks * extents[0], extents[1] * lanes * block]);
  const sum = b.reshape(halves === 1 ? folded : b.sum(folded, [1], false), [
    groups * blocks,
    extents[0],
    extents[1],
    lanes * block,
  ]);
  const kept =
    extents[0] === rows && extents[1] === columns
      ? sum
      : b.emit("Slice", [sum, b.ints([0, 0]), b.ints([rows, columns]), b.ints([1, 2])]);
  const result = [outputs, input[1], rows, columns] as const;
  const taps = rows * columns;
  if (lanes === 1) return layout.permute(kept, [groups, blocks, taps, block], [1, 3, 0, 2], result);
  // [I/B,O/B,taps,B(i),B(o)] → [I/B,O/B,B(i),taps,B(o)] → [I/B,O/B,B(o),B(i),taps] → [O,I,taps]
  const last = layout.lastToBlocks(b.reshape(kept, [groups * blocks, taps, 1, lanes * block]));
  const turned = layout.unblock(b.reshape(last, [groups * blocks, block, 1, lanes * taps]), block);
  const order = Array.from({ length: outputs * groups }, (_, at) => {
    const [output, group] = [Math.floor(at / groups), at % groups];
    return group * outputs + output;
  });
  return b.reshape(groups === 1 ? turned : layout.takeRows(turned, order, lanes * taps), result);
}
