/**
 * Whether a value is above 0 beyond chance: the one test for effects of layers and for how far ε is from a bound.
 *
 * Knows: values and their standard errors. May not know: what was measured.
 */

const standardErrors = 2;

/** Above two standard errors; an error that is not known (null) counts as none. */
export function isBeyondChance(value: number, error: number | null): boolean {
  return value > standardErrors * (error ?? 0);
}

/** √((n − 1)/n · Σ(vᵢ − mean)²) of the n values that leave one image out; null of fewer than two. */
export function jackknifeError(without: ArrayLike<number>): number | null {
  const n = without.length;
  if (n < 2) return null;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += without[i] as number;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((without[i] as number) - mean) ** 2;
  return Math.sqrt(((n - 1) / n) * squares);
}
