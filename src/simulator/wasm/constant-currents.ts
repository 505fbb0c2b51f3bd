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
    const pixels = new Float64Array(image.length);
    for (let i = 0; i < image.length; i++) {
      const x = image[i] as number;
      pixels[i] = isFloat ? x : fixPixel(x);
    }
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
    for (let i = 0; i < sums.length; i++) {
      const sum = sums[i] as number;
      sums[i] = isFloat ? Math.fround(sum) : roundCurrent(sum);
    }
    return sums;
  }
}

/** Pixel after pixel: what its window holds, then four outputs at a time over all of it. */
function addWindow(window: WindowSynapses, pixels: Float64Array, sums: Float64Array): void {
  const { weights } = window;
  const [targets, height, width] = window.targetShape;
  const area = height * width;
  const held = new Float64Array(weights.length / targets);
  for (let at = 0; at < area; at++) {
    holdWindow(window, Math.floor(at / width), at % width, pixels, held);
    let o = 0;
    for (; o + 4 <= targets; o += 4) {
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let i = 0, w = o; i < held.length; i++, w += targets) {
        const pixel = held[i] as number;
        s0 += pixel * (weights[w] as number);
        s1 += pixel * (weights[w + 1] as number);
        s2 += pixel * (weights[w + 2] as number);
        s3 += pixel * (weights[w + 3] as number);
      }
      const to = o * area + at;
      sums[to] = (sums[to] as number) + s0;
      sums[to + area] = (sums[to + area] as number) + s1;
      sums[to + 2 * area] = (sums[to + 2 * area] as number) + s2;
      sums[to + 3 * area] = (sums[to + 3 * area] as number) + s3;
    }
    for (; o < targets; o++) {
      let sum = 0;
      for (let i = 0, w = o; i < held.length; i++, w += targets)
        sum += (held[i] as number) * (weights[w] as number);
      sums[o * area + at] = (sums[o * area + at] as number) + sum;
    }
  }
}

/** The pixels that target (row, column) hears, [kh][kw][source channels], zeros outside. */
function holdWindow(
  { kernel, stride, offset, dilation, sourceShape }: WindowSynapses,
  row: number,
  column: number,
  pixels: Float64Array,
  held: Float64Array,
): void {
  const [sources, height, width] = sourceShape;
  let i = 0;
  for (let ky = 0; ky < kernel[0]; ky++) {
    const y = row * stride[0] + offset[0] + ky * dilation[0];
    for (let kx = 0; kx < kernel[1]; kx++) {
      const x = column * stride[1] + offset[1] + kx * dilation[1];
      const isInside = y >= 0 && y < height && x >= 0 && x < width;
      for (let c = 0; c < sources; c++)
        held[i++] = isInside ? (pixels[(c * height + y) * width + x] as number) : 0;
    }
  }
}
