/**
 * The gradient of a convolution's input on blocked values.
 *
 *   ∂x[n,i,h] = Σ_{o,k} w[o,i,k]·∂y[n,o,(h+pad−k)/s], over the k for which that is a whole number
 *
 * With stride s the pixels h = s·r + a of one phase a see every s-th tap only. All s² phases are one
 * convolution of ∂y with I channels for each phase, and then their pixels are put between each other:
 *
 *   ∂x[a,r] = Σ_j f[a,j]·∂y[r+lowest+j],  f[a,j] = w[a + pad − s·(lowest+j)], 0 where w has no such tap
 *
 * With stride 1 that is the mirrored weight.
 */

import type { ConvGeometry } from "../rules/conv-geometry.js";
import type { BlockLayout } from "./block-layout.js";

/** One axis: taps are s·steps with `front` zeros before them. */
interface Phases {
  readonly stride: number;
  /** j = 0 … steps − 1 */
  readonly steps: number;
  readonly front: number;
  readonly back: number;
  /** zeros around ∂y */
  readonly before: number;
  readonly after: number;
  /** pixels of a phase */
  readonly pixels: number;
}

/** ∂x of `emitConv`, blocked. */
export function emitInputGradient(
  layout: BlockLayout,
  geometry: ConvGeometry,
  weight: string,
  gradient: string,
): string {
  const [rows, columns] = [describePhases(geometry, 0), describePhases(geometry, 1)];
  const phases = layout.convolve(gradient, arrangePhases(layout, geometry, weight, rows, columns), {
    kernel: [rows.steps, columns.steps],
    padding: [rows.before, columns.before, rows.after, columns.after],
  });
  if (rows.stride * columns.stride === 1) return phases;
  return layout.weave(phases, (value) => weavePhases(layout, geometry, value, rows, columns));
}

function describePhases({ input, output, kernel, stride, padding }: ConvGeometry, axis: 0 | 1): Phases {
  const [size, s, pad] = [kernel[axis], stride[axis], padding[axis]];
  const lowest = Math.ceil((pad - size + 1) / s);
  const highest = Math.floor((s - 1 + pad) / s);
  const steps = highest - lowest + 1;
  const front = s * highest - pad;
  const pixels = Math.ceil((input[axis + 2] as number) / s);
  return {
    stride: s,
    steps,
    front,
    back: s * steps - size - front,
    before: Math.abs(lowest),
    after: pixels + highest - (output[axis + 2] as number),
    pixels,
  };
}

/** w [O,I,kh,kw] as a filter from O channels to I channels for each phase. */
function arrangePhases(
  layout: BlockLayout,
  { input, output, kernel }: ConvGeometry,
  weight: string,
  rows: Phases,
  columns: Phases,
): string {
  const { builder: b, block } = layout;
  const [inputs, outputs] = [input[1], output[1]];
  const border = [0, 0, rows.front, columns.front, 0, 0, rows.back, columns.back];
  const padded = border.every((side) => side === 0) ? weight : b.emit("Pad", [weight, b.ints(border)]);
  const folded = b.reshape(padded, [
    outputs * inputs,
    rows.steps,
    rows.stride,
    columns.steps,
    columns.stride,
  ]);
  const mirrored =
    kernel[0] * kernel[1] === 1
      ? folded
      : b.emit("Slice", [folded, b.ints([-1, -1]), b.ints([-999, -999]), b.ints([1, 3]), b.ints([-1, -1])]);
  return layout.permute(
    mirrored,
    [outputs / block, block, inputs / block, block, rows.steps, rows.stride, columns.steps, columns.stride],
    [5, 7, 2, 0, 4, 6, 1, 3],
    [rows.stride * columns.stride * inputs, outputs, rows.steps, columns.steps],
  );
}

/** [N,s,s,I/B,h,w,B] → [N,I/B,h,s,w,s,B], and what lies outside is cut off. */
function weavePhases(
  layout: BlockLayout,
  { input }: ConvGeometry,
  value: string,
  rows: Phases,
  columns: Phases,
): string {
  const { builder: b, block } = layout;
  const [batch, channels, height, width] = input;
  const blocks = channels / block;
  const extents = [rows.pixels * rows.stride, columns.pixels * columns.stride] as const;
  const woven = layout.permute(
    value,
    [batch, rows.stride, columns.stride, blocks, rows.pixels, columns.pixels, block],
    [0, 3, 4, 1, 5, 2, 6],
    [batch * blocks, ...extents, block],
  );
  const kept =
    extents[0] === height && extents[1] === width
      ? woven
      : b.emit("Slice", [woven, b.ints([0, 0]), b.ints([height, width]), b.ints([1, 2])]);
  return b.reshape(kept, [batch, channels, height, width]);
}
