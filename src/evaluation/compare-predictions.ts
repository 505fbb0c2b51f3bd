/**
 * Two lists of decisions about the same images, compared image by image.
 *
 * Knows: labels. May not know: what made the decisions.
 */
import { pairedInterval } from "./paired-interval.js";

export interface ComparedPredictions {
  readonly n: number;
  /** accuracy(first) − accuracy(second), points. */
  readonly difference: number;
  /** Paired, 95 %. */
  readonly ci95: readonly [low: number, high: number];
}

/**
 * @param first the decisions that are expected to be better; [n], as `second` and `labels`; of the first images where
 * one list is longer
 */
export function comparePredictions(
  first: readonly number[],
  second: readonly number[],
  labels: readonly number[],
): ComparedPredictions {
  const isRight = (decision: number, at: number) => decision === labels[at];
  const n = labels.length;
  return compareRight(first.slice(0, n).map(isRight), second.slice(0, n).map(isRight));
}

/** The same of decisions of which it is known whether they are right. */
export function compareRight(first: readonly boolean[], second: readonly boolean[]): ComparedPredictions {
  const n = Math.min(first.length, second.length);
  let [onlyFirst, onlySecond] = [0, 0];
  for (let at = 0; at < n; at++) {
    onlyFirst += Number(first[at] && !second[at]);
    onlySecond += Number(second[at] && !first[at]);
  }
  const difference = n === 0 ? 0 : (100 * (onlyFirst - onlySecond)) / n;
  return { n, difference, ci95: pairedInterval(onlyFirst, onlySecond, n) };
}

/**
 * The interval of a difference of two estimates, each with its own: half-widths are added as independent errors are.
 *
 * [a − b − √(lower(a)² + upper(b)²), a − b + √(upper(a)² + lower(b)²)]
 */
export function intervalOfDifference(
  a: { readonly value: number; readonly ci95: readonly [number, number] },
  b: { readonly value: number; readonly ci95: readonly [number, number] },
): readonly [low: number, high: number] {
  const low = Math.hypot(a.value - a.ci95[0], b.ci95[1] - b.value);
  const high = Math.hypot(a.ci95[1] - a.value, b.value - b.ci95[0]);
  return [a.value - b.value - low, a.value - b.value + high];
}
