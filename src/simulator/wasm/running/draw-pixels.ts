/**
 * Pixels as random spikes, written where the kernels read them.
 *
 * Knows: the layout of the image's spikes, the generator of image-input.ts. May not know: requests, layers.
 */
import { drawPixelSpike } from "../../image-input.js";
import { spikesAt } from "../memory/kernel-commands.js";
import type { MemoryArena } from "../memory/memory-arena.js";
import type { SlotMemory } from "../memory/slot-memory.js";
import type { SpikeLayout } from "../memory/spike-layout.js";
import type { TimeSpan } from "./time-blocks.js";

/** Draws the spikes of one image in the steps of a span; `index` is the image's place in its data set. */
export function drawPixels(
  arena: MemoryArena,
  slot: SlotMemory,
  layout: SpikeLayout,
  image: Float32Array,
  { seed, index }: { readonly seed: number; readonly index: number },
  { start, end }: TimeSpan,
): void {
  const bytes = arena.bytes(slot.spikes + layout.offset, layout.bytes).fill(0);
  const origin = spikesAt(slot, layout) - slot.spikes - layout.offset;
  for (let pixel = 0; pixel < image.length; pixel++) {
    const x = image[pixel] as number;
    if (x === 0) continue;
    const at = origin + pixelByte(pixel, layout);
    const bit = 1 << (Math.floor(pixel / (layout.shape[1] * layout.shape[2])) & 7);
    for (let t = start + 1; t <= end; t++) {
      if (!drawPixelSpike(x, seed, index, pixel, t)) continue;
      const byte = at + (t - start - 1) * layout.step;
      bytes[byte] = (bytes[byte] as number) | bit;
    }
  }
}

/** Byte of a pixel's channel in the first step, relative to (y 0, t 0, x 0). */
function pixelByte(pixel: number, layout: SpikeLayout): number {
  const [, height, width] = layout.shape;
  const channel = Math.floor(pixel / (height * width));
  const y = Math.floor(pixel / width) % height;
  return y * layout.row + (pixel % width) * layout.pixel + (channel >> 3);
}
