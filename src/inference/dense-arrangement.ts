/**
 * The dense program of operators that move elements without computing.
 *
 * Knows: concat, pad, slice, flatten, shortcut. May not know: graphs.
 */
import type { NodeOf, Shape } from "../graph/node-types.js";
import { strides } from "./dense-layout.js";
import type { DenseProgram } from "./dense-program.js";
import { type DenseValue, newValue, planWindow } from "./dense-windows.js";

function firstOf(inputs: readonly DenseValue[]): DenseValue {
  const [input] = inputs;
  if (input === undefined) throw new RangeError("an operator lacks its input");
  return input;
}

const origin: Shape = [0, 0, 0];
const everyOne: Shape = [1, 1, 1];

/** Copies the elements start, start + step, … of `from`, `count` [C,H,W] of them, to `to` from `at` on. */
function copyElements(
  program: DenseProgram,
  from: DenseValue,
  to: DenseValue,
  count: Shape,
  { start = origin, step = everyOne, at = origin }: { start?: Shape; step?: Shape; at?: Shape },
): void {
  const x = strides(from.shape);
  const y = strides(to.shape);
  program.call((kernels) =>
    kernels.copyBlock(
      from.buffer.address + 4 * start[0] + start[1] * x.row + start[2] * x.pixel,
      step[1] * x.row,
      step[2] * x.pixel,
      4 * step[0],
      to.buffer.address + 4 * at[0] + at[1] * y.row + at[2] * y.pixel,
      y.row,
      y.pixel,
      4,
      count[1],
      count[2],
      count[0],
    ),
  );
}

/** A new value of zeros. */
function zeroValue(program: DenseProgram, shape: Shape): DenseValue {
  const y = newValue(program, shape);
  const { size } = strides(shape);
  program.call((kernels) => kernels.fillZero(y.buffer.address, size));
  return y;
}

export function planConcat(
  program: DenseProgram,
  _: NodeOf<"concat">,
  inputs: readonly DenseValue[],
  shape: Shape,
): DenseValue {
  const y = zeroValue(program, shape);
  let channel = 0;
  for (const input of inputs) {
    copyElements(program, input, y, input.shape, { at: [channel, 0, 0] });
    channel += input.shape[0];
  }
  return y;
}

export function planPad(
  program: DenseProgram,
  node: NodeOf<"pad">,
  inputs: readonly DenseValue[],
  shape: Shape,
): DenseValue {
  const input = firstOf(inputs);
  const y = zeroValue(program, shape);
  copyElements(program, input, y, input.shape, { at: node.attributes.before });
  return y;
}

export function planSlice(
  program: DenseProgram,
  node: NodeOf<"slice">,
  inputs: readonly DenseValue[],
  shape: Shape,
): DenseValue {
  const y = zeroValue(program, shape);
  copyElements(program, firstOf(inputs), y, shape, node.attributes);
  return y;
}

/** From [H][W][P] to [C·H·W]. */
export function planFlatten(
  program: DenseProgram,
  _: NodeOf<"flatten">,
  inputs: readonly DenseValue[],
  shape: Shape,
): DenseValue {
  const input = firstOf(inputs);
  const [channels, height, width] = input.shape;
  const x = strides(input.shape);
  const y = zeroValue(program, shape);
  program.call((kernels) =>
    kernels.copyBlock(
      input.buffer.address,
      x.row,
      x.pixel,
      4,
      y.buffer.address,
      4 * width,
      4,
      4 * width * height,
      height,
      width,
      channels,
    ),
  );
  return y;
}

/** Every second pixel (A) or 2×2 averages (avg), zero channels half before and half after. */
export function planShortcut(
  program: DenseProgram,
  node: NodeOf<"shortcut">,
  inputs: readonly DenseValue[],
  shape: Shape,
): DenseValue {
  const input = firstOf(inputs);
  const [channels] = input.shape;
  const count: Shape = [channels, shape[1], shape[2]];
  const at: Shape = [(shape[0] - channels) / 2, 0, 0];
  if (node.attributes.kind === "A") {
    const y = zeroValue(program, shape);
    copyElements(program, input, y, count, { step: [1, 2, 2], at });
    return y;
  }
  const window = { kind: "average", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
  const pooled = planWindow(program, input, window, count);
  const y = zeroValue(program, shape);
  copyElements(program, pooled, y, count, { at });
  return y;
}
