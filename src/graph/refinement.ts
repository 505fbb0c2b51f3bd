/**
 * Differential coding with shrinking quanta: what a spike of step t is worth.
 *
 * Knows: quanta and their halvings. May not know: how a neuron is stepped, graphs, kernels.
 */
import type { Refinement } from "./node-types.js";

/**
 * Largest number of halvings, so that all states stay below 2³¹ with integers that are fine enough: currents of a step and what
 * is constant up to 2¹⁹ (integer formats), θ·g up to {@link mostThresholds}: 2¹⁹·2⁸ + 2¹⁹·2⁹ + 2²¹·2⁹.
 */
export const mostHalvings = 8;

/** Largest θ·g of an integer layer that refines. */
export const mostThresholds = 2 ** 21;

/** Largest g: four planes of bits of each sign. */
export const largestGain = 15;

/** Most halvings in a step. */
export const mostShift = 3;

/** What a conversion uses: quanta of 1/(g+1), then of a 2^shift-th part of the one before, down to a 256th of the first (a 64th by eighths); then all the same. */
export function refinementOf(gain: number, shift = 1): Refinement {
  return { quantum: 1 / (gain + 1), shift, halvings: mostHalvings - (mostHalvings % shift) };
}

/** 8 of a quantum of 1/8; null where it is no such part. */
export function parts(quantum: number): number | null {
  const n = Math.round(1 / quantum);
  return n >= 1 && n <= 4096 && quantum === 1 / n ? n : null;
}

/** When the quantum shrinks, whatever it is. */
type Shrinking = Pick<Refinement, "shift" | "halvings">;

/** h(t) = min(shift·(t − 1), halvings): how often the quantum was halved by step t. */
export function halvingsAt({ shift, halvings }: Shrinking, t: number): number {
  return Math.min(shift * (t - 1), halvings);
}

/** How often the quantum is halved at the beginning of step t: 0 or `shift`. */
export function halvingsIn(refine: Shrinking, t: number): number {
  return t < 2 ? 0 : halvingsAt(refine, t) - halvingsAt(refine, t - 1);
}

/** q_t in units of λ: N of step t stands for an activation of λ·q_t·N. */
export function quantumAt(refine: Refinement, t: number): number {
  return refine.quantum * 2 ** -halvingsAt(refine, t);
}

/** Largest N at step t: a spike of `gain` in every step. */
export function largestCount(gain: number, refine: Shrinking, t: number): number {
  const halved = halvingsAt(refine, t);
  const steps = halved / refine.shift + 1;
  return gain * ((2 ** (refine.shift * steps) - 1) / (2 ** refine.shift - 1) + Math.max(0, t - steps));
}

/** The count that stands for λ after T steps: T, or 1/q_T where layers refine. */
export function countOfLambda(refine: Refinement | null, steps: number): number {
  return refine === null ? steps : Math.round(1 / quantumAt(refine, steps));
}
