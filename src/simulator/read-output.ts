/**
 * Readouts: what the output says at time t.
 *
 * Knows: the formulas of `mean`, `final`, `count` and `count+softmax`, shared by all backends.
 * May not know: where sums and counts come from, labels.
 */

/**
 * `mean`: y(t) = Σ_{τ=first+1…t} o(τ) / ((t − first)·scale), first = d where t > d, else 0.
 * For output neurons o is their spike and scale 1.
 *
 * @param sums Σ o over the steps first+1…t, [classes]; exact in integer formats
 * @param steps t − first
 * @param into receives [classes] from `offset`
 */
export function readMean(
  sums: ArrayLike<number>,
  steps: number,
  scale: ArrayLike<number>,
  into: Float64Array,
  offset: number,
): void {
  for (let k = 0; k < sums.length; k++)
    into[offset + k] = (sums[k] as number) / (steps * (scale[k] as number));
}

/**
 * `final`: y(t) = S(t)/(2^h·scale), S the output's sums in units of the quantum of step t, h how often that was halved.
 *
 * @param sums Σ w·N + constant·2^h, [classes]; exact in integer formats
 */
export function readFinal(
  sums: ArrayLike<number>,
  halvings: number,
  scale: ArrayLike<number>,
  into: Float64Array,
  offset: number,
): void {
  readMean(sums, 2 ** halvings, scale, into, offset);
}

/** The step before the first that the mean at `t` takes in: d where t > d, else 0. */
export function firstMeanStep(t: number, delay: number): number {
  return t > delay ? delay : 0;
}

/**
 * `count`: N(t). `count+softmax`: N_c(t) + exp(u_c − m)/Σ_k exp(u_k − m) with u_c = V_c(t)/θ_c, V the
 * membrane after the reset of step t and m = max u: the softmax only breaks ties between counts, it
 * lies between 0 and 1 (the authors' readout of 2021).
 */
export function readCounts(
  counts: ArrayLike<number>,
  softmaxOf: { readonly potentials: ArrayLike<number>; readonly threshold: ArrayLike<number> } | null,
  into: Float64Array,
  offset: number,
): void {
  for (let k = 0; k < counts.length; k++) into[offset + k] = counts[k] as number;
  if (softmaxOf === null) return;
  const { potentials, threshold } = softmaxOf;
  const scaled = Array.from(counts, (_, k) => (potentials[k] as number) / (threshold[k] as number));
  const largest = Math.max(...scaled);
  const powers = scaled.map((u) => Math.exp(u - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  for (const [k, power] of powers.entries()) into[offset + k] = (into[offset + k] as number) + power / total;
}
