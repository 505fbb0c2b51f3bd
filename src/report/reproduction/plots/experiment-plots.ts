/**
 * Which plots an experiment has, one line each.
 *
 * Knows: the plots. May not know: pages.
 */
import type { Plot } from "../../plots/plot.js";
import type { ExperimentResult } from "../reproduction-result.js";

const plots: Readonly<Record<string, readonly Plot<ExperimentResult>[]>> = {};

export function plotsOf({ id }: ExperimentResult): readonly Plot<ExperimentResult>[] {
  return plots[id] ?? [];
}
