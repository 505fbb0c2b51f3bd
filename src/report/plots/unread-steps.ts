/**
 * What plots of layers say of steps that the output leaves out.
 *
 * Knows: the options of a run. May not know: plots.
 */
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";

/** A sentence, after a space; empty where every step is read. */
export function describeUnreadSteps({ options }: Pick<EvaluationResult, "options">): string {
  const { T, delay } = options;
  if (typeof delay !== "number" || delay === 0 || typeof T !== "number" || delay >= T) return "";
  const read = delay + 1 === T ? `step ${T} alone is` : `steps ${delay + 1} to ${T} are`;
  return ` Rates count all ${T} steps; ${read} read, and respike diagnose tells the errors over what is read.`;
}
