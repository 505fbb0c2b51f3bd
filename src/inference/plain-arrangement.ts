/**
 * Operators that move elements without computing, by their definitions, and the
 * shortcuts without weights that are made of them.
 *
 * Knows: concat, pad, slice, flatten, shortcut. May not know: speed.
 */
import type { NodeOf, Shape } from "../graph/node-types.js";
import { type PlainValue, zeroValue } from "./plain-values.js";
import { poolValue } from "./plain-windows.js";

function firstOf(inputs: readonly PlainValue[]): PlainValue {
  const [input] = inputs;
  if (input === undefined) throw new RangeError("an operator lacks its input");
  return input;
}

/** Element (c,y,x) of the result comes from `source(c,y,x)` of the input; outside of it stand zeros. */
function gather(
  input: PlainValue,
  shape: Shape,
  source: (c: number, y: number, x: number) => readonly [number, number, number],
): PlainValue {
  const [channels, height, width] = input.shape;
  const result = zeroValue(shape);
  let at = 0;
  for (let c = 0; c < shape[0]; c++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        const [i, row, column] = source(c, y, x);
        const inside = i >= 0 && i < channels && row >= 0 && row < height && column >= 0 && column < width;
        if (inside) result.data[at] = input.data[(i * height + row) * width + column] as number;
        at++;
      }
    }
  }
  return result;
}

/** Channels one after the other. */
export function evaluateConcat(_: NodeOf<"concat">, inputs: readonly PlainValue[], shape: Shape): PlainValue {
  const result = zeroValue(shape);
  let at = 0;
  for (const { data } of inputs) {
    result.data.set(data, at);
    at += data.length;
  }
  return result;
}

/** Zeros before and after along each axis. */
export function evaluatePad(node: NodeOf<"pad">, inputs: readonly PlainValue[], shape: Shape): PlainValue {
  const [channel, top, left] = node.attributes.before;
  return gather(firstOf(inputs), shape, (c, y, x) => [c - channel, y - top, x - left]);
}

/** Every step-th element from start along each axis. */
export function evaluateSlice(
  node: NodeOf<"slice">,
  inputs: readonly PlainValue[],
  shape: Shape,
): PlainValue {
  const { start, step } = node.attributes;
  return gather(firstOf(inputs), shape, (c, y, x) => [
    start[0] + c * step[0],
    start[1] + y * step[1],
    start[2] + x * step[2],
  ]);
}

/** [C,H,W] → [C·H·W,1,1], the same elements in the same order. */
export function evaluateFlatten(
  _: NodeOf<"flatten">,
  inputs: readonly PlainValue[],
  shape: Shape,
): PlainValue {
  return { shape, data: firstOf(inputs).data };
}

/** Every second pixel (A) or 2×2 averages (avg), zero channels half before and half after. */
export function evaluateShortcut(
  node: NodeOf<"shortcut">,
  inputs: readonly PlainValue[],
  shape: Shape,
): PlainValue {
  const input = firstOf(inputs);
  const before = (shape[0] - input.shape[0]) / 2;
  if (node.attributes.kind === "A") {
    return gather(input, shape, (c, y, x) => [c - before, 2 * y, 2 * x]);
  }
  const window = { kind: "average", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
  const pooled = poolValue(input, window, [input.shape[0], shape[1], shape[2]]);
  return gather(pooled, shape, (c, y, x) => [c - before, y, x]);
}
