/**
 * One layer's error on one image, split into parts by what a neuron's charge alone tells.
 *
 * Knows: N, the charge, λ, the network's values. May not know: simulators, graphs, other layers.
 */

/** A layer as its error is judged; per-channel values are [C], the others [C,H,W] of one image. */
export interface SplitLayer {
  readonly area: number;
  /** What one of N stands for in units of λ: 1/T, or the last quantum of a layer that refines. */
  readonly unit: number;
  /** Largest N that T steps allow. */
  readonly most: number;
  /** λ */
  readonly lambda: ArrayLike<number>;
  /** V(0)/θ of each neuron; ½, which rounds to the nearest, where a layer refines. */
  readonly start: ArrayLike<number>;
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

/** What would stand without some of the layer's own errors, in units of λ; owned by the caller. */
export interface CleanRates {
  /** y₁/λ: without unevenness. */
  readonly even: Float32Array;
  /** y₄/λ: without any of the layer's own errors. */
  readonly clean: Float32Array;
}

/**
 * With X = N + V(T)/θ (the whole charge, V(0) included) and M the largest N, all times λ:
 *
 *   y = N/T, y₁ = clip(⌊X⌋, 0, M)/T, y₂ = clip(X − V(0), 0, M)/T, y₃ = max(X − V(0), 0)/T, at most the ceiling;
 *
 * unevenness y − y₁, quantisation y₁ − y₂, clipping y₂ − y₃, wiring y₃ − y₄, propagated y₄ − a; they add up to y − a.
 * Of a layer that refines the same with the last quantum for 1/T: unevenness is what it has not told yet.
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
  const { area, lambda, start, most, ceiling, silent } = layer;
  const { counts, charge, expected, activation } = values;
  const clip = (value: number) => Math.min(Math.max(value, 0), most);
  let [size, uneven, rounded, clipped, wired, carried, total] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    const c = Math.floor(i / area);
    const unit = (lambda[c] as number) * layer.unit;
    const flowed = charge[i] as number;
    const a = Math.max(activation[i] as number, 0);
    const y4 = Math.max(expected[i] as number, 0);
    const y = unit * (counts[i] as number);
    const y1 = unit * clip(floorCharge(flowed + (start[i] as number)));
    const y2 = unit * clip(flowed);
    const y3 = silent[c] === 1 ? y4 : Math.min(unit * Math.max(flowed, 0), Math.max(ceiling, y2));
    size += a * a;
    uneven += (y - y1) ** 2;
    rounded += (y1 - y2) ** 2;
    clipped += (y2 - y3) ** 2;
    wired += (y3 - y4) ** 2;
    carried += (y4 - a) ** 2;
    total += (y - a) ** 2;
    if (rates === undefined) continue;
    rates.even[i] = y1 / (lambda[c] as number);
    rates.clean[i] = y4 / (lambda[c] as number);
  }
  for (const [which, value] of [size, uneven, rounded, clipped, wired, carried, total].entries()) {
    sums[at + which] = (sums[at + which] as number) + value;
  }
}

/** A charge that rounding left a hair below a whole number counts as that number. */
function floorCharge(value: number): number {
  return Math.floor(value + 1e-6);
}
