/**
 * How far a share that was counted may be from the true one.
 *
 * Knows: counts. May not know: what is counted.
 */

/**
 * The 95 % interval of a share (Wilson 1927), as shares.
 *
 *   (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 1.96
 *
 * @example wilsonInterval(9961, 10_000) // [0.9947, 0.9971], rounded
 */
export function wilsonInterval(correct: number, n: number): readonly [low: number, high: number] {
  const square = 1.96 ** 2 / n;
  const share = correct / n;
  const middle = share + square / 2;
  const reach = Math.sqrt(square * share * (1 - share) + (square * square) / 4);
  return [(middle - reach) / (1 + square), (middle + reach) / (1 + square)];
}
