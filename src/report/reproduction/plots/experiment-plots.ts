/**
 * Which plots an experiment has, one line each.
 *
 * Knows: the plots. May not know: pages.
 */
import type { Plot } from "../../plots/plot.js";
import type { ExperimentResult } from "../reproduction-result.js";
import { accuracyByDepth, lossByDepth, shareByDepth } from "./by-depth.js";
import { compensationBySteps, fewSteps } from "./by-steps.js";
import { gainByDepth } from "./gain-by-depth.js";
import { lossByMethod } from "./loss-by-method.js";

const plots: Readonly<Record<string, readonly Plot<ExperimentResult>[]>> = {
  table1: [lossByMethod, fewSteps("table1")],
  table2: [gainByDepth, lossByDepth, fewSteps("table2")],
  fig4: [shareByDepth],
  fig5: [accuracyByDepth],
  compensation: [20, 32, 44, 56].map(compensationBySteps),
};

export function plotsOf({ id }: ExperimentResult): readonly Plot<ExperimentResult>[] {
  return plots[id] ?? [];
}
