/**
 * Elements in blocks of 16 channels, [block][y][x][16], as the kernels hold them, and back.
 *
 * Knows: the two orders. May not know: addresses.
 */
import type { Shape } from "../../../graph/node-types.js";

/** Elements with the channels filled up to a multiple of 16. */
export function countBlocked([channels, height, width]: Shape): number {
  return Math.ceil(channels / 16) * 16 * height * width;
}

/** Position in [block][y][x][16] of element `index` of [C,H,W]. */
export function blockedIndex(index: number, [, height, width]: Shape): number {
  const area = height * width;
  const channel = Math.floor(index / area);
  return ((channel >> 4) * area + (index % area)) * 16 + (channel & 15);
}

/** Values of [C,H,W] in [block][y][x][16], `fill` in the channels that do not exist. */
export function toBlocked(values: ArrayLike<number>, shape: Shape, fill = 0): Float64Array {
  const blocked = new Float64Array(countBlocked(shape)).fill(fill);
  const area = shape[1] * shape[2];
  for (let channel = 0; channel < shape[0]; channel++) {
    const to = (channel >> 4) * area * 16 + (channel & 15);
    for (let pixel = 0; pixel < area; pixel++)
      blocked[to + pixel * 16] = values[channel * area + pixel] as number;
  }
  return blocked;
}

/**
 * Copies one block back: [y][x][16] → its channels of [C,H,W].
 *
 * @param into [C,H,W] from `offset`
 */
export function fromBlock(
  values: Int32Array | Float32Array,
  block: number,
  [channels, height, width]: Shape,
  into: Int32Array | Float64Array,
  offset: number,
): void {
  const area = height * width;
  const lanes = Math.min(16, channels - block * 16);
  for (let lane = 0; lane < lanes; lane++) {
    const to = offset + (block * 16 + lane) * area;
    for (let pixel = 0; pixel < area; pixel++) into[to + pixel] = values[pixel * 16 + lane] as number;
  }
}
