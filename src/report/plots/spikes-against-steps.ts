/**
 * Mean spikes per image over time steps.
 *
 * Knows: `snn.at` of the results. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { finiteOrNull, formatCount, formatShort, formatSignificant } from "../format-number.js";
import { nameSpikes } from "../name-spikes.js";
import { paint } from "../theme.js";
import { countAxis } from "./count-axis.js";
import { type Plot, type PlotTable, plotSize } from "./plot.js";
import { drawnSteps, stepAxis } from "./step-axis.js";

function spikeRows(results: EvaluationResult) {
  return drawnSteps(results).flatMap((step) => {
    const count = finiteOrNull(step.spikes);
    return count === null ? [] : [{ t: step.t, count }];
  });
}

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const rows = spikeRows(results);
  if (rows.length === 0) return null;
  const y = countAxis(
    `${nameSpikes(results)} per image`,
    rows.map((row) => row.count),
  );
  return {
    ...plotSize,
    data: { values: rows },
    mark: { type: "line", stroke: paint("s1"), strokeWidth: 2.2, point: { fill: paint("s1"), size: 42 } },
    encoding: { x: stepAxis(drawnSteps(results)), y },
  };
}

function describe(results: EvaluationResult): string {
  const last = spikeRows(results).at(-1);
  if (!last) return "No step was evaluated.";
  const each = results.cost.neurons > 0 ? last.count / results.cost.neurons : null;
  const share = each === null ? "" : `, ${formatSignificant(each)} per neuron`;
  return `An image takes ${formatCount(last.count)} ${nameSpikes(results)} up to T = ${last.t}${share}.`;
}

function tabulate(results: EvaluationResult): PlotTable {
  return {
    columns: ["T", `${nameSpikes(results)} per image`, "short"],
    rows: results.snn.at.map((step) => [
      formatCount(step.t),
      formatCount(step.spikes),
      formatShort(step.spikes),
    ]),
  };
}

export const spikesAgainstSteps: Plot = {
  id: "spikes-against-steps",
  title: "Spikes over time steps",
  key: "Spikes of all neurons up to T, mean per image; one of size s counts as |s|.",
  drawSpec,
  describe,
  tabulate,
};
