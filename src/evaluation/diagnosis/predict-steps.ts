/**
 * How many steps a bound on the loss will take, from outputs on training images and no labels.
 *
 * Knows: the rule that was fitted on ε (docs/diagnosis.md). May not know: images, simulators.
 */
import { isBeyondChance } from "./beyond-chance.js";
import type { OutputError } from "./output-error.js";

/** A bound on the loss in points, and the largest ε that keeps it. */
export interface StepRule {
  readonly loss: number;
  readonly epsilon: number;
}

export const stepRules: readonly StepRule[] = [
  { loss: 1, epsilon: 0.2 },
  { loss: 0.5, epsilon: 0.13 },
];

/** Times that a prediction is rounded up to, and at which ε is measured. */
export const stepChoices: readonly number[] = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 350];

export interface StepPrediction extends StepRule {
  /** The step from which on ε stays at or below the bound: log ε interpolated over log T; null beyond what was simulated. */
  readonly T: number | null;
  /** Disagreement [d, d of moved images] in percent at the first measured time from T on; null without T. */
  readonly disagreement: readonly [number, number] | null;
}

/**
 * @param plain errors at ascending times
 * @param moved those of the same images moved, at the same times
 */
export function predictSteps(
  plain: readonly OutputError[],
  moved: readonly OutputError[],
  rules: readonly StepRule[] = stepRules,
): readonly StepPrediction[] {
  return rules.map((rule) => {
    const T = crossing(plain, rule.epsilon);
    const at = T === null ? -1 : plain.findIndex(({ t }) => t >= T);
    const [one, other] = [plain[at], moved[at]];
    const pair = one === undefined || other === undefined ? null : ([one, other] as const);
    return { ...rule, T, disagreement: pair && [pair[0].disagreement, pair[1].disagreement] };
  });
}

/**
 * Of a recipe that is made for one T: from conversions for several T, each judged at its own.
 *
 * @param own what each was certified at, its own T last; in any order
 */
export function predictAcross(
  own: readonly (readonly (OutputError & { readonly disagreementMoved: number })[])[],
): readonly StepPrediction[] {
  const last = own.flatMap((steps) => steps.slice(-1)).sort((a, b) => a.t - b.t);
  return predictSteps(
    last,
    last.map((step) => ({ ...step, disagreement: step.disagreementMoved })),
  );
}

/**
 * Whether other images might put ε on the other side of the bound: within two of its standard errors. False where none is
 * known.
 */
export function isTooClose(epsilon: number | null, error: number | null | undefined, bound: number): boolean {
  if (epsilon === null || error === null || error === undefined) return false;
  return !isBeyondChance(Math.abs(epsilon - bound), error);
}

/** Where ε falls to a bound for good. */
function crossing(errors: readonly OutputError[], bound: number): number | null {
  const isAbove = ({ epsilon }: OutputError) => epsilon === null || epsilon > bound;
  const last = errors.findLastIndex(isAbove);
  const after = errors[last + 1];
  if (after === undefined) return null;
  const before = errors[last];
  const [high, low] = [before?.epsilon ?? 0, after.epsilon ?? 0];
  if (before === undefined || high <= 0 || low <= 0) return after.t;
  const share = Math.log(high / bound) / Math.log(high / low);
  return Math.ceil(Math.exp(Math.log(before.t) + share * Math.log(after.t / before.t)) - 1e-9);
}
