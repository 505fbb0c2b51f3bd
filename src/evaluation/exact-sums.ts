/**
 * Sums that do not depend on their order: integers, and fixed-point numbers as integers.
 *
 * Knows: bigints. May not know: what is summed.
 *
 * A float64 of one image is rounded once to a multiple of 2⁻³² and from then on summed exactly, so that threads,
 * batches, shards and resuming cannot change the last digit of a total.
 */

const fraction = 2n ** 32n;

/** round(x·2³²); null where x is not finite. */
export function toFixed(x: number): bigint | null {
  return Number.isFinite(x) ? BigInt(Math.round(x * 2 ** 32)) : null;
}

/** What is summed of one layer over pairs (image, neuron): N counts, y = min(a, λ)/λ. */
export interface PairSums {
  /** Pairs. */
  readonly n: bigint;
  /** ΣN, ΣN² */
  readonly counts: bigint;
  readonly countSquares: bigint;
  /** 2³²·Σy, 2³²·Σy², 2³²·ΣN·y, 2³²·Σ|N/T − y| */
  readonly rates: bigint;
  readonly rateSquares: bigint;
  readonly products: bigint;
  readonly errors: bigint;
}

/**
 * Pearson's correlation of N and y (that of N/T and y is the same), r = (nΣNy − ΣNΣy) / √((nΣN² − (ΣN)²)(nΣy² − (Σy)²));
 * all differences are exact, the quotient is rounded.
 *
 * @returns null where one of them is constant
 */
export function correlate(sums: PairSums): number | null {
  const { n, counts, countSquares, rates, rateSquares, products } = sums;
  const countSpread = n * countSquares - counts * counts;
  const rateSpread = n * rateSquares * fraction - rates * rates;
  if (countSpread <= 0n || rateSpread <= 0n) return null;
  const together = Number(n * products - counts * rates) / 2 ** 32;
  const r = together / Math.sqrt(Number(countSpread)) / (Math.sqrt(Number(rateSpread)) / 2 ** 32);
  return Number.isFinite(r) ? Math.min(1, Math.max(-1, r)) : null;
}

/** Σ|N/T − y| / n */
export function meanError({ errors, n }: PairSums): number {
  return Number(errors) / 2 ** 32 / Number(n);
}
