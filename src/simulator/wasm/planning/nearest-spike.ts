/**
 * What a neuron kernel finds ⌊V/θ + ½⌋ with, in float32 and without a division.
 *
 * Knows: the arithmetic of assembly/spiking/generators/fire-refine.mjs. May not know: layers, memory.
 *
 *   ⌊V/θ + ½⌋ = round(V·(1/θ) + δ) where |V| ≤ 17·θ, V and θ whole, δ = 1/(2θ) for an even θ and 0 for an odd one
 *
 * The sum lies at least 1/(2θ) from where rounding turns, and float32 misses it by less than 2⁻¹⁸: exact for θ < 2¹⁵. Beyond 17·θ the
 * spike is the largest of its alphabet (15 at most) whatever the rounding.
 */

/** The first θ for which it is not proven. */
export const nearestLimit = 2 ** 15;

/** @returns 1/θ and δ, to be rounded to float32 */
export function nearestConstants(theta: number): readonly [inverse: number, offset: number] {
  return [1 / theta, theta % 2 === 0 ? 0.5 / theta : 0];
}
