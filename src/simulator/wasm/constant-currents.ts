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

function addWindow(window: WindowSynapses, pixels: Float64Array, sums: Float64Array): void {
  const { kernel, stride, offset, dilation, weights } = window;
  const [sources, height, width] = window.sourceShape;
  const [targets, outHeight, outWidth] = window.targetShape;
  const area = outHeight * outWidth;
  const pixelSums = new Float64Array(targets);
  for (let at = 0; at < area; at++) {
    const top = Math.floor(at / outWidth) * stride[0] + offset[0];
    const left = (at % outWidth) * stride[1] + offset[1];
    pixelSums.fill(0);
    for (let ky = 0; ky < kernel[0]; ky++) {
      const y = top + ky * dilation[0];
      if (y < 0 || y >= height) continue;
      for (let kx = 0; kx < kernel[1]; kx++) {
        const x = left + kx * dilation[1];
        if (x < 0 || x >= width) continue;
        for (let c = 0; c < sources; c++) {
          const pixel = pixels[(c * height + y) * width + x] as number;
          const from = ((ky * kernel[1] + kx) * sources + c) * targets;
          for (let o = 0; o < targets; o++) {
            pixelSums[o] = (pixelSums[o] as number) + pixel * (weights[from + o] as number);
          }
        }
      }
    }
    for (let o = 0; o < targets; o++) {
      sums[o * area + at] = (sums[o * area + at] as number) + (pixelSums[o] as number);
    }
  }
}
