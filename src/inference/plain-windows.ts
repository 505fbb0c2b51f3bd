/**
 * Operators with sliding windows and sums of products, by their definitions.
 *
 * Knows: conv, linear, pool. May not know: speed; every sum is taken in float64 and rounded once.
 */
import type { NodeOf, Shape } from "../graph/node-types.js";
import { type PlainValue, readElement, zeroValue } from "./plain-values.js";

/** y[o,y,x] = bias[o] + Σ weight[o,i,ky,kx]·x[i, y·stride − top + ky·dilation, …], i over o's group. */
export function evaluateConv(node: NodeOf<"conv">, [input]: readonly PlainValue[], shape: Shape): PlainValue {
  const { weight, bias } = node.tensors;
  if (input === undefined || weight === undefined) throw new RangeError(`${node.id} lacks input or weight`);
  const { stride, padding, dilation, groups } = node.attributes;
  const [, perGroup = 0, kernelHeight = 0, kernelWidth = 0] = weight.shape;
  const [, height, width] = input.shape;
  const outputsPerGroup = shape[0] / groups;
  const result = zeroValue(shape);
  let at = 0;
  for (let o = 0; o < shape[0]; o++) {
    const firstInput = Math.floor(o / outputsPerGroup) * perGroup;
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        let sum = bias === undefined ? 0 : readElement(bias, o);
        for (let i = 0; i < perGroup; i++) {
          for (let ky = 0; ky < kernelHeight; ky++) {
            const row = y * stride[0] - padding[0] + ky * dilation[0];
            if (row < 0 || row >= height) continue;
            for (let kx = 0; kx < kernelWidth; kx++) {
              const column = x * stride[1] - padding[1] + kx * dilation[1];
              if (column < 0 || column >= width) continue;
              const w = readElement(weight, ((o * perGroup + i) * kernelHeight + ky) * kernelWidth + kx);
              sum += w * (input.data[((firstInput + i) * height + row) * width + column] as number);
            }
          }
        }
        result.data[at++] = sum;
      }
    }
  }
  return result;
}

/** y = weight·flatten(x) + bias. */
export function evaluateLinear(
  node: NodeOf<"linear">,
  [input]: readonly PlainValue[],
  shape: Shape,
): PlainValue {
  const { weight, bias } = node.tensors;
  if (input === undefined || weight === undefined) throw new RangeError(`${node.id} lacks input or weight`);
  const result = zeroValue(shape);
  const { length } = input.data;
  for (let o = 0; o < shape[0]; o++) {
    let sum = bias === undefined ? 0 : readElement(bias, o);
    for (let i = 0; i < length; i++) sum += readElement(weight, o * length + i) * (input.data[i] as number);
    result.data[o] = sum;
  }
  return result;
}

/** What a window computes over; a window with no pixel of the image in it gives 0. */
export type Window = NodeOf<"pool">["attributes"];

/** Average or maximum of the window's pixels that lie in the image, channel by channel. */
export function poolValue(input: PlainValue, window: Window, shape: Shape): PlainValue {
  const { kind, kernel, stride, padding } = window;
  const [, height, width] = input.shape;
  const result = zeroValue(shape);
  let at = 0;
  for (let c = 0; c < shape[0]; c++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        const pixels: number[] = [];
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const row = y * stride[0] - padding[0] + ky;
            const column = x * stride[1] - padding[1] + kx;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            pixels.push(input.data[(c * height + row) * width + column] as number);
          }
        }
        if (pixels.length > 0) {
          result.data[at] =
            kind === "max"
              ? Math.max(...pixels)
              : pixels.reduce((sum, each) => sum + each, 0) / pixels.length;
        }
        at++;
      }
    }
  }
  return result;
}

export function evaluatePool(node: NodeOf<"pool">, [input]: readonly PlainValue[], shape: Shape): PlainValue {
  if (input === undefined) throw new RangeError(`${node.id} lacks its input`);
  return poolValue(input, node.attributes, shape);
}
