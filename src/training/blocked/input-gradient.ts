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
import { scaleOutputs } from "../rules/gradient-rule.js";
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

/**
 * ∂x of `emitConv`, blocked.
 *
 * @param factor [O], of the gradient; null for 1
 */
export function emitInputGradient(
  layout: BlockLayout,
  geometry: ConvGeometry,
  weight: string,
  gradient: string,
  factor: string | null = null,
): string {
  const [rows, columns] = [describePhases(geometry, 0), describePhases(geometry, 1)];
  const whole = rows.stride * columns.stride === 1;
  const filter = whole
    ? arrangeMirrored(layout, geometry, weight, factor)
    : arrangePhases(layout, geometry, scaleOutputs(layout.builder, weight, factor, 4), rows, columns);
  const phases = layout.convolve(gradient, filter, {
    kernel: [rows.steps, columns.steps],
    padding: [rows.before, columns.before, rows.after, columns.after],
  });
  if (whole) return phases;
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

/** w [O,I,kh,kw], mirrored, as a filter from O to I channels: [O/B,I/B,k,B(i),B(o)] → [I/B,O/B,−k,B(o),B(i)]. */
function arrangeMirrored(
  layout: BlockLayout,
  { input, output, kernel }: ConvGeometry,
  weight: string,
  factor: string | null,
): string {
  const { builder: b, block } = layout;
  const [inputs, outputs] = [input[1], output[1]];
  const [from, to, taps] = [inputs / block, outputs / block, kernel[0] * kernel[1]];
  const filter = layout.arrangeFilter(weight, [outputs, inputs, ...kernel]);
  const scaled =
    factor === null
      ? filter
      : b.emit("Mul", [b.reshape(filter, [to, inputs * taps, block]), b.reshape(factor, [to, 1, block])]);
  const order = Array.from({ length: from * to * taps }, (_, at) => {
    const [pair, tap] = [Math.floor(at / taps), at % taps];
    return ((pair % to) * from + Math.floor(pair / to)) * taps + taps - 1 - tap;
  });
  const rows = layout.takeRows(scaled, order, block ** 2);
  const turned = layout.toBlocks(b.reshape(rows, [from * to * taps, block, 1, block]));
  return b.reshape(turned, [inputs, outputs, ...kernel]);
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

/** [N,s,s,I/B,h,w,B] → [N,I/B,h,s,w,s,B], pixel by pixel; what lies outside is left out. */
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
  const [s, t] = [rows.stride, columns.stride];
  const order = Array.from({ length: blocks * height * width }, (_, at) => {
    const [part, row, column] = [
      Math.floor(at / (height * width)),
      Math.floor(at / width) % height,
      at % width,
    ];
    const phase = ((row % s) * t + (column % t)) * blocks + part;
    return (phase * rows.pixels + Math.floor(row / s)) * columns.pixels + Math.floor(column / t);
  });
  const pixels = b.reshape(value, [batch, -1, block]);
  const woven = b.emit("Gather", [pixels, b.ints(order)], { axis: { int: 1 } });
  return b.reshape(woven, [batch, channels, height, width]);
}
