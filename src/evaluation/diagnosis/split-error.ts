/**
 * One layer's error on one image, split into parts by what a neuron's charge alone tells.
 *
 * Knows: N, the charge, λ, the network's values. May not know: simulators, graphs, other layers.
 */

/** A layer as its error is judged; per-channel values are [C], the others [C,H,W] of one image. */
export interface SplitLayer {
  readonly area: number;
  /** T */
  readonly steps: number;
  /** λ */
  readonly lambda: ArrayLike<number>;
  /** V(0)/θ of each neuron. */
  readonly start: ArrayLike<number>;
  /** Largest spike of a step. */
  readonly hi: number;
  /** What the network's own activation is limited to, Infinity for a ReLU. */
  readonly ceiling: number;
  /** 1 where no calibration image moved the channel, so that it was made never to fire. */
  readonly silent: ArrayLike<number>;
}

export interface SplitValues {
  readonly counts: ArrayLike<number>;
  /** X − V(0): all that flowed in over T steps, in units of θ. */
  readonly charge: ArrayLike<number>;
  /** y₄: the network's layer applied to what the layer's inputs say. */
  readonly expected: ArrayLike<number>;
  /** a: the network's own value. */
  readonly activation: ArrayLike<number>;
}

/** Rates that would stand without some of the layer's own errors, spikes a step; owned by the caller. */
export interface CleanRates {
  /** y₁/λ: without unevenness. */
  readonly even: Float32Array;
  /** y₄/λ: without any of the layer's own errors. */
  readonly clean: Float32Array;
}

/**
 * With X = N + V(T)/θ (the whole charge, V(0) included), all times λ:
 *
 *   y = N/T, y₁ = clip(⌊X⌋, 0, hi·T)/T, y₂ = clip(X − V(0), 0, hi·T)/T, y₃ = max(X − V(0), 0)/T, at most the ceiling;
 *
 * unevenness y − y₁, quantisation y₁ − y₂, clipping y₂ − y₃, wiring y₃ − y₄, propagated y₄ − a; they add up to y − a.
 * In a silent channel y₃ is taken for y₄: that it never fires is clipping.
 *
 * @param sums Σa², Σ(part)², Σ(y − a)² are added to its `sumsOfImage` places
 * @param at first place in `sums`
 */
export function splitError(
  layer: SplitLayer,
  values: SplitValues,
  sums: Float64Array,
  at: number,
  rates?: CleanRates,
): void {
  const { area, steps, lambda, start, hi, ceiling, silent } = layer;
  const { counts, charge, expected, activation } = values;
  const top = hi * steps;
  const clip = (value: number) => Math.min(Math.max(value, 0), top);
  const total = new Float64Array(7);
  for (let i = 0; i < counts.length; i++) {
    const c = Math.floor(i / area);
    const unit = (lambda[c] as number) / steps;
    const flowed = charge[i] as number;
    const a = Math.max(activation[i] as number, 0);
    const y4 = Math.max(expected[i] as number, 0);
    const y = unit * (counts[i] as number);
    const y1 = unit * clip(floorCharge(flowed + (start[i] as number)));
    const y2 = unit * clip(flowed);
    const y3 = silent[c] === 1 ? y4 : Math.min(unit * Math.max(flowed, 0), Math.max(ceiling, y2));
    addSquares(total, [a, y - y1, y1 - y2, y2 - y3, y3 - y4, y4 - a, y - a]);
    if (rates === undefined) continue;
    rates.even[i] = y1 / (lambda[c] as number);
    rates.clean[i] = y4 / (lambda[c] as number);
  }
  for (const [which, value] of total.entries()) sums[at + which] = (sums[at + which] as number) + value;
}

/** A charge that rounding left a hair below a whole number counts as that number. */
function floorCharge(value: number): number {
  return Math.floor(value + 1e-5);
}

function addSquares(total: Float64Array, values: readonly number[]): void {
  for (let which = 0; which < values.length; which++) {
    total[which] = (total[which] as number) + (values[which] as number) ** 2;
  }
}
