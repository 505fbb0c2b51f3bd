/**
 * Max pooling over time: M(t), the largest cumulative value of each window, and what it sends.
 *
 * Knows: gates and `--maxpool before`. May not know: whether the values are counts or currents.
 */
import type { Shape } from "../../graph/node-types.js";
import type { PoolWindow } from "../plan/snn-plan.js";
import type { Rounding } from "./step-neuron.js";

/**
 * M of every window: the largest element, padding left out; 0 for a window that holds padding alone.
 *
 * @param input cumulative values [C,H,W]
 */
export function largestInWindows(
  input: Float64Array,
  [, height, width]: Shape,
  window: PoolWindow,
  output: Shape,
): Float64Array {
  const { kernel, stride, padding } = window;
  const [, outHeight, outWidth] = output;
  return new Float64Array(output[0] * outHeight * outWidth).map((_, i) => {
    const c = Math.floor(i / (outHeight * outWidth));
    const top = (Math.floor(i / outWidth) % outHeight) * stride[0] - padding[0];
    const left = (i % outWidth) * stride[1] - padding[1];
    let largest = Number.NEGATIVE_INFINITY;
    for (let y = Math.max(top, 0); y < Math.min(top + kernel[0], height); y++) {
      for (let x = Math.max(left, 0); x < Math.min(left + kernel[1], width); x++) {
        largest = Math.max(largest, input[(c * height + y) * width + x] as number);
      }
    }
    return largest === Number.NEGATIVE_INFINITY ? 0 : largest;
  });
}

/** A max pool through time: adds a step's values to the totals and gives M(t) − M(t−1). */
export class CumulativePool {
  readonly #totals: Float64Array;
  readonly #sent: Float64Array;
  #largest: Float64Array;

  constructor(
    private readonly input: Shape,
    private readonly window: PoolWindow,
    private readonly output: Shape,
    private readonly round: Rounding,
  ) {
    this.#totals = new Float64Array(input[0] * input[1] * input[2]);
    this.#largest = new Float64Array(output[0] * output[1] * output[2]);
    this.#sent = new Float64Array(this.#largest.length);
  }

  /** M(t), owned by the pool. */
  get largest(): Float64Array {
    return this.#largest;
  }

  /** Σ|M(t) − M(t−1)| so far, owned by the pool. */
  get sent(): Float64Array {
    return this.#sent;
  }

  step(values: Float64Array): Float64Array {
    for (let i = 0; i < values.length; i++) {
      this.#totals[i] = this.round((this.#totals[i] as number) + (values[i] as number));
    }
    const before = this.#largest;
    this.#largest = largestInWindows(this.#totals, this.input, this.window, this.output);
    const increments = this.#largest.map((value, i) => this.round(value - (before[i] as number)));
    for (let i = 0; i < increments.length; i++) {
      this.#sent[i] = (this.#sent[i] as number) + Math.abs(increments[i] as number);
    }
    return increments;
  }
}
