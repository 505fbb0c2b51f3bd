/**
 * One layer's error on one image, split into parts by what a neuron's charge alone tells.
 *
 * Knows: N, the charge, λ, the network's values. May not know: simulators, graphs, other layers, which steps they are of.
 */
import { errorParts } from "./error-parts.js";

/** A layer as its error is judged over W steps; per-channel values are [C], the others [C,H,W] of one image. */
export interface SplitLayer {
  readonly area: number;
  /** What one of N stands for in units of λ: 1/W, or the last quantum of a layer that refines. */
  readonly unit: number;
  /** Largest N that W steps allow. */
  readonly most: number;
  /** λ */
  readonly lambda: ArrayLike<number>;
  /** What the network's own activation is limited to, Infinity for a ReLU. */
  readonly ceiling: number;
  /** 1 where no calibration image moved the channel, so that it was made never to fire. */
  readonly silent: ArrayLike<number>;
}

export interface SplitValues {
  /** N of the W steps. */
  readonly counts: ArrayLike<number>;
  /** Q: all that flowed in over the W steps, in units of θ. */
  readonly charge: ArrayLike<number>;
  /** s: the charge that the first of the W steps finds, in units of θ; ½, which rounds to the nearest, where a layer refines. */
  readonly start: ArrayLike<number>;
  /** What y₄ is the ReLU of: the network's layer applied to what the layer's inputs say. */
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

/** y, y₁, y₂, y₃, y₄, a. */
const values = errorParts.length + 1;

/**
 * One neuron from what it sends to what the network has. Over the steps d+1…T that are read, W = T − d of them, with
 *
 *   N = N(T) − N(d), Q = N + (V(T) − V(d))/θ, s = V(0)/θ where d = 0, else clip(V(d)/θ, 0, 1), M the largest N:
 *
 *   y = λ·N/W, y₁ = λ·clip(⌊Q + s⌋, 0, M)/W, y₂ = λ·clip(Q, 0, M)/W, y₃ = λ·max(Q, 0)/W, at most the ceiling;
 *
 * unevenness y − y₁, quantisation y₁ − y₂, clipping y₂ − y₃, wiring y₃ − y₄, propagated y₄ − a; they add up to y − a.
 *
 * Q is what the W steps' currents bring, whatever stood in the membrane before, so that y₃ = y₄ in a correct conversion.
 * Even charge makes ⌊Q + s⌋ spikes of it. V(0) is what the conversion set, and s in full; more than one θ, or a debt, that
 * the steps before d + 1 left behind is spikes that came too late or too early: it is no part of s, but unevenness.
 *
 * Of a layer that refines the same with the last quantum for 1/W: unevenness is what it has not told yet.
 * In a silent channel y₃ is taken for y₄: that it never fires is clipping.
 *
 * @param into receives y, y₁, y₂, y₃, y₄, a
 */
export function telescopeNeuron(layer: SplitLayer, of: SplitValues, i: number, into: Float64Array): void {
  const { area, lambda, most, ceiling, silent } = layer;
  const c = Math.floor(i / area);
  const unit = (lambda[c] as number) * layer.unit;
  const flowed = of.charge[i] as number;
  const y2 = unit * clip(flowed, most);
  const y4 = clip(of.expected[i] as number, ceiling);
  into[0] = unit * (of.counts[i] as number);
  into[1] = unit * clip(floorCharge(flowed + (of.start[i] as number)), most);
  into[2] = y2;
  into[3] = silent[c] === 1 ? y4 : Math.min(unit * Math.max(flowed, 0), Math.max(ceiling, y2));
  into[4] = y4;
  into[5] = Math.max(of.activation[i] as number, 0);
}

/**
 * @param sums Σa², Σ(part)², Σ(y − a)² are added to its `sumsOfImage` places
 * @param at first place in `sums`
 */
export function splitError(
  layer: SplitLayer,
  of: SplitValues,
  sums: Float64Array,
  at: number,
  rates?: CleanRates,
): void {
  const neuron = new Float64Array(values);
  const own = new Float64Array(values + 1);
  for (let i = 0; i < of.counts.length; i++) {
    telescopeNeuron(layer, of, i, neuron);
    const [y, a] = [neuron[0] as number, neuron[values - 1] as number];
    own[0] = (own[0] as number) + a * a;
    for (let k = 1; k < values; k++)
      own[k] = (own[k] as number) + ((neuron[k - 1] as number) - (neuron[k] as number)) ** 2;
    own[values] = (own[values] as number) + (y - a) ** 2;
    if (rates === undefined) continue;
    const lambda = layer.lambda[Math.floor(i / layer.area)] as number;
    rates.even[i] = (neuron[1] as number) / lambda;
    rates.clean[i] = (neuron[4] as number) / lambda;
  }
  for (const [which, value] of own.entries()) sums[at + which] = (sums[at + which] as number) + value;
}

const clip = (value: number, most: number) => Math.min(Math.max(value, 0), most);

/** A charge that rounding left a hair below a whole number counts as that number. */
function floorCharge(value: number): number {
  return Math.floor(value + 1e-6);
}
