/**
 * The neuron that refines a value, by its equations: differential coding with shrinking quanta.
 *
 * Knows: one step of a layer. May not know: where currents come from, when quanta shrink (graph/refinement.ts).
 */
import type { Rounding } from "./step-neuron.js";

/**
 * One step of a neuron, V and N in units of the quantum of the step before:
 *
 *   V ← f·V, N ← f·N, f = 2^r where the quantum shrinks to a 2^r-th part, else 1;  V ← V + I;
 *   s = clip(⌊V/θ + ½⌋, −min(g, N), g);  V ← V − θ·s;  N ← N + s.
 *
 * With J = V + θN, what the inputs say so far, this is s = sign(e)·min(g, ⌊|e|/θ + ½⌋), e = max(J, 0) − θN, but for e = −(n + ½)·θ,
 * which is rounded up here: a neuron that is half a quantum off would otherwise send 1 and −1 by turns once quanta stay.
 *
 * @param state V and N of all neurons; element `i` is stepped
 * @param theta θ > 0, what one spike stands for
 * @param gain g; factor f
 * @returns s
 */
export function stepRefine(
  state: { readonly potential: Float64Array; readonly count: Int32Array },
  i: number,
  current: number,
  theta: number,
  { gain, factor }: { readonly gain: number; readonly factor: number },
  round: Rounding,
): number {
  const told = (state.count[i] as number) * factor;
  const charged = round((state.potential[i] as number) * factor + current);
  const nearest = Math.floor(round(round(charged / theta) + 0.5));
  const spike = Math.max(-Math.min(gain, told), Math.min(gain, nearest)) + 0;
  state.potential[i] = round(charged - round(theta * spike));
  state.count[i] = told + spike;
  return spike;
}
