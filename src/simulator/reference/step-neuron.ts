/**
 * The integrate-and-fire neuron, by its equations.
 *
 * Knows: one step of a layer. May not know: where currents come from.
 */

/** How a layer's numbers are rounded after each operation: not at all (integers), or to float32. */
export type Rounding = (value: number) => number;

export const exactly: Rounding = (value) => value;
export const toFloat32: Rounding = Math.fround;

export interface NeuronRules {
  readonly lo: number;
  readonly hi: number;
  readonly reset: "subtract" | "zero";
}

/**
 * One step of a neuron:
 *
 *   V ← V + I;  s = clip(⌊V/θ⌋, lo, hi), where a negative lo is at most the spikes sent so far:
 *   lo' = −min(−lo, N);  V ← V − θ·s (`subtract`) or V ← 0 where s ≠ 0 (`zero`).
 *
 * @param state V and N (the sum of s before this step) of all neurons; element `i` is stepped
 * @param theta θ > 0
 * @returns s
 */
export function stepNeuron(
  state: { readonly potential: Float64Array; readonly count: Int32Array },
  i: number,
  current: number,
  theta: number,
  rules: NeuronRules,
  round: Rounding,
): number {
  const sent = state.count[i] as number;
  const lowest = -Math.min(-rules.lo, sent);
  const charged = round((state.potential[i] as number) + current);
  const spike = Math.max(lowest, Math.min(rules.hi, Math.floor(round(charged / theta)))) + 0;
  if (rules.reset === "subtract") state.potential[i] = round(charged - round(theta * spike));
  else state.potential[i] = spike === 0 ? charged : 0;
  state.count[i] = sent + spike;
  return spike;
}
