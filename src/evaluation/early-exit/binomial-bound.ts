/**
 * What a count of rare events in a sample says about their share.
 *
 * Knows: the binomial distribution, in sums and products alone, so that every engine rounds alike.
 * May not know: what is counted.
 */

/** P(X ≤ events) of a binomial X of n draws with probability `share`, 0 < share < 1. */
export function binomialAtMost(events: number, n: number, share: number): number {
  if (events >= n) return 1;
  // All terms relative to the one at `events`, down to 0 and up to n.
  const odds = share / (1 - share);
  let [below, above] = [1, 0];
  for (let k = events, term = 1; k > 0 && term > 0; k--) {
    term *= k / ((n - k + 1) * odds);
    below += term;
    if (!Number.isFinite(below)) return 1;
  }
  for (let k = events, term = 1; k < n && term > 0; k++) {
    term *= ((n - k) * odds) / (k + 1);
    above += term;
    if (!Number.isFinite(above)) return 0;
  }
  return below / (below + above);
}

/**
 * Upper bound of the share at confidence 1 − risk (Clopper and Pearson 1934, one-sided): the largest share for which
 * so few events are not rarer than `risk`.
 *
 * @example upperShare(0, 1000, 0.05) // 0.00299
 */
export function upperShare(events: number, n: number, risk: number): number {
  if (events >= n) return 1;
  let [low, high] = [events / n, 1];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (middle <= 0 || middle >= 1) break;
    if (binomialAtMost(events, n, middle) > risk) low = middle;
    else high = middle;
  }
  return high;
}

/** The two-sided interval at confidence 1 − risk (Clopper and Pearson). */
export function shareInterval(events: number, n: number, risk: number): readonly [number, number] {
  return [1 - upperShare(n - events, n, risk / 2), upperShare(events, n, risk / 2)];
}
