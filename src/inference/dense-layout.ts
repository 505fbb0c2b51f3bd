/**
 * The dense backend's layout: [H][W][P], P = channels rounded up to a multiple of 4, surplus lanes 0.
 *
 * Knows: how weights and per-channel tensors stand in kernel memory. May not know: WebAssembly.
 */
import type { Tensor } from "../core/tensor.js";
import type { Shape } from "../graph/node-types.js";

/** Channels with their surplus lanes. */
export function paddedChannels(channels: number): number {
  return Math.ceil(channels / 4) * 4;
}

/** Bytes of a pixel, of a row and of the whole value. */
export function strides([channels, height, width]: Shape): { pixel: number; row: number; size: number } {
  const pixel = 4 * paddedChannels(channels);
  return { pixel, row: pixel * width, size: pixel * width * height };
}

/** A tensor's values in float32; integers beyond 2²⁴ are rounded. */
export function toFloat32(tensor: Tensor): Float32Array {
  if (tensor.dtype === "float32") return tensor.data as Float32Array;
  return Float32Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** [C] or [1] → [P]; the surplus lanes are `surplus`. */
export function spreadChannels(values: ArrayLike<number>, channels: number, surplus = 0): Float32Array {
  const result = new Float32Array(paddedChannels(channels)).fill(surplus);
  for (let c = 0; c < channels; c++) result[c] = values[values.length === 1 ? 0 : c] as number;
  return result;
}

/** [C,H,W] → [H][W][P]. */
export function interleaveChannels(values: Float32Array, [channels, height, width]: Shape): Float32Array {
  const area = height * width;
  const step = paddedChannels(channels);
  const result = new Float32Array(area * step);
  for (let c = 0; c < channels; c++) {
    for (let at = 0; at < area; at++) result[at * step + c] = values[c * area + at] as number;
  }
  return result;
}

/**
 * Weights [O,C,h,w] in blocks of 8 outputs (the last of 4 where fewer than 5 are left), each
 * [h][w][P][block]; O is rounded up to a multiple of 4 with zeros.
 */
export function packWeights(
  weights: Float32Array,
  outputs: number,
  [channels, height, width]: Shape,
): Float32Array {
  const area = height * width;
  const lanes = paddedChannels(channels);
  const products = area * lanes;
  const padded = paddedChannels(outputs);
  const result = new Float32Array(padded * products);
  for (let o = 0; o < outputs; o++) {
    const first = o - (o % 8);
    const block = Math.min(8, padded - first);
    for (let c = 0; c < channels; c++) {
      for (let at = 0; at < area; at++) {
        result[first * products + (at * lanes + c) * block + (o - first)] = weights[
          (o * channels + c) * area + at
        ] as number;
      }
    }
  }
  return result;
}

/** Weights [G·O,I,h,w] of a convolution in groups → [G·O][h][w][I], without surplus lanes. */
export function packGroupWeights(
  weights: Float32Array,
  outputs: number,
  inputs: number,
  area: number,
): Float32Array {
  const result = new Float32Array(weights.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let at = 0; at < area; at++) {
        result[(o * area + at) * inputs + i] = weights[(o * inputs + i) * area + at] as number;
      }
    }
  }
  return result;
}
