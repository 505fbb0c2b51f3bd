/**
 * Which plots an experiment has, one line each.
 *
 * Knows: the plots. May not know: pages.
 */
import type { Plot } from "../../plots/plot.js";
import type { ExperimentResult } from "../reproduction-result.js";
import { accuracyByDepth, lossByDepth, shareByDepth } from "./by-depth.js";
import { compensationBySteps, fewSteps, listPresets } from "./by-steps.js";
import { gainByDepth } from "./gain-by-depth.js";
import { lossByMethod } from "./loss-by-method.js";

const plots: Readonly<Record<string, readonly Plot<ExperimentResult>[]>> = {
  table1: [lossByMethod],
  table2: [gainByDepth, lossByDepth],
  fig4: [shareByDepth],
  fig5: [accuracyByDepth],
  compensation: [20, 32, 44, 56].map(compensationBySteps),
};

/** Those, and one for each preset of few steps. */
export function plotsOf(result: ExperimentResult): readonly Plot<ExperimentResult>[] {
  const { id } = result;
  return [...(plots[id] ?? []), ...listPresets(result).map((preset) => fewSteps(id, preset))];
}
