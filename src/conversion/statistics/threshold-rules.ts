/**
 * How λ comes from the values of an activation: the maximum, a percentile, the least squared error of what T steps
 * can say, or threshold balancing.
 *
 * Knows: histograms. May not know: layers, images.
 *
 * All rules read the same histogram, whose values are exact to 0.1 %: λ is the same for any order of the images.
 */
import { type ActivationHistogram, type Fraction, percentileFraction } from "./activation-histogram.js";

/**
 * `mmse`: the θ of 46 from 0.1 to 1 times the maximum with the least Σ(a − θ/T·clip(⌊aT/θ + ½⌋, 0, hi·T))², T = `steps`, hi =
 * `largest`, the largest spike; ties to the larger θ.
 *
 * `ltb`: channel-wise threshold balancing (Bu, Li and Yu, Inference-Scale Complexity in ANN-SNN Conversion, CVPR 2025, arXiv
 * 2409.03368): θ ← θ + 2·mean(max(a − θ, 0)) from θ = 0, `rounds` times. Theirs takes the mean over a batch of other images
 * each time, behind layers that are already clipped at their θ; here it is the mean over all calibration images of
 * the network's own activations, which makes the result independent of the images' order. θ is no smaller than a hundredth of the maximum:
 * a channel that hardly ever fires is far below it after so few rounds, and its weights, relative to θ, would fit no integers.
 */
export type ThresholdRule =
  | "max"
  | Fraction
  | { readonly name: "mmse"; readonly steps: number; readonly largest: number }
  | {
      readonly name: "ltb";
      readonly rounds: number;
      /** θ over the maximum, at least. */
      readonly leastShare: number;
    };

/** Rounds of `ltb`. */
const balancingRounds = 400;
const balancedShare = 0.01;

/** The rule of an option's text; it has passed the check of the options. */
export function readRule(lambda: string, steps: number, largestSpike: number): ThresholdRule {
  if (lambda === "max") return "max";
  if (lambda === "mmse") return { name: "mmse", steps, largest: largestSpike };
  if (lambda === "ltb") return { name: "ltb", rounds: balancingRounds, leastShare: balancedShare };
  return percentileFraction(lambda);
}

/** λ of one histogram; 0 where all values are 0 (and where the percentile is). */
export function chooseThreshold(histogram: ActivationHistogram, rule: ThresholdRule): number {
  if (rule === "max" || histogram.max === 0) return histogram.max;
  if (!("name" in rule)) return histogram.percentile(rule);
  return rule.name === "mmse"
    ? findLeastError(histogram, rule.steps, rule.largest)
    : balance(histogram, rule);
}

const gridSteps = 45;

function findLeastError(histogram: ActivationHistogram, steps: number, largest: number): number {
  const { values, counts } = histogram.weighted();
  let [best, least] = [histogram.max, Number.POSITIVE_INFINITY];
  for (let at = gridSteps; at >= 0; at--) {
    const theta = histogram.max * (0.1 + (0.9 * at) / gridSteps);
    const error = sumSquaredErrors(values, counts, theta / steps, largest * steps);
    if (error < least) [best, least] = [theta, error];
  }
  return best;
}

/** Σ count·(a − quantum·clip(⌊a/quantum + ½⌋, 0, most))². */
function sumSquaredErrors(values: Float64Array, counts: Float64Array, quantum: number, most: number): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    const told = quantum * Math.min(most, Math.floor(value / quantum + 0.5));
    sum += (counts[at] as number) * (value - told) ** 2;
  }
  return sum;
}

function balance(
  histogram: ActivationHistogram,
  { rounds, leastShare }: Extract<ThresholdRule, { readonly name: "ltb" }>,
): number {
  const { values, counts } = histogram.weighted();
  let theta = 0;
  for (let round = 0; round < rounds; round++) {
    let excess = 0;
    for (let at = values.length - 1; at >= 0 && (values[at] as number) > theta; at--)
      excess += (counts[at] as number) * ((values[at] as number) - theta);
    theta += (2 * excess) / histogram.n;
  }
  return Math.min(Math.max(theta, histogram.max * leastShare), histogram.max);
}
