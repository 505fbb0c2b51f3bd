/**
 * The image's constant current on a target, computed once an image.
 *
 * Knows: fixed point and rounding of image-input.ts. May not know: memory, steps.
 */
import type { NumberFormat } from "../../graph/node-types.js";
import { fixPixel, roundCurrent } from "../image-input.js";
import { forEachSynapse } from "../plan/enumerate-synapses.js";
import type { SynapseGroup } from "../plan/snn-plan.js";
import { type WindowSynapses, windowOf } from "../plan/window-synapses.js";

export class ConstantCurrents {
  readonly #windows: readonly (WindowSynapses | null)[];

  /** @param elements of the target, before a pool */
  constructor(
    private readonly groups: readonly SynapseGroup[],
    private readonly elements: number,
    private readonly number: NumberFormat,
  ) {
    this.#windows = groups.map(windowOf);
  }

  /** Σ over all groups, rounded once: [C,H,W]. */
  compute(image: Float32Array): Float64Array {
    const isFloat = this.number === "float32";
    const pixels = Float64Array.from(image, isFloat ? (x) => x : fixPixel);
    const sums = new Float64Array(this.elements);
    for (const [index, group] of this.groups.entries()) {
      const window = this.#windows[index] ?? null;
      if (window !== null) addWindow(window, pixels, sums);
      else {
        forEachSynapse(group, (source, target, weight) => {
          sums[target] = (sums[target] as number) + weight * (pixels[source] as number);
        });
      }
    }
    return sums.map(isFloat ? Math.fround : roundCurrent);
  }
}

/** Output after output, tap after tap, so that the innermost loop runs along rows. */
function addWindow(window: WindowSynapses, pixels: Float64Array, sums: Float64Array): void {
  const { kernel, sourceShape, targetShape, weights } = window;
  const [sources, targets] = [sourceShape[0], targetShape[0]];
  for (let o = 0; o < targets; o++) {
    for (let ky = 0; ky < kernel[0]; ky++) {
      for (let kx = 0; kx < kernel[1]; kx++) {
        for (let c = 0; c < sources; c++) {
          const weight = weights[((ky * kernel[1] + kx) * sources + c) * targets + o] as number;
          if (weight !== 0) addTap(window, { ky, kx, c, o, weight }, pixels, sums);
        }
      }
    }
  }
}

interface Tap {
  readonly ky: number;
  readonly kx: number;
  readonly c: number;
  readonly o: number;
  readonly weight: number;
}

/** What one weight brings to all pixels of an output channel. */
function addTap(
  { stride, offset, dilation, sourceShape, targetShape }: WindowSynapses,
  { ky, kx, c, o, weight }: Tap,
  pixels: Float64Array,
  sums: Float64Array,
): void {
  const [, height, width] = sourceShape;
  const [, outHeight, outWidth] = targetShape;
  const step = stride[1];
  const left = offset[1] + kx * dilation[1];
  // target columns whose source column left + X·step lies in 0…width−1
  const first = Math.max(0, Math.ceil(-left / step));
  const past = Math.min(outWidth, Math.floor((width - 1 - left) / step) + 1);
  for (let row = 0; row < outHeight; row++) {
    const y = row * stride[0] + offset[0] + ky * dilation[0];
    if (y < 0 || y >= height) continue;
    const to = (o * outHeight + row) * outWidth;
    let from = (c * height + y) * width + left + first * step;
    for (let at = to + first; at < to + past; at++, from += step) {
      sums[at] = (sums[at] as number) + weight * (pixels[from] as number);
    }
  }
}
