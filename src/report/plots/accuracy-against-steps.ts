/**
 * Accuracy in percent over time steps, beside the accuracy of the network it came from.
 *
 * Knows: `snn.at` and `ann` of the results. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { finiteOrNull, formatCount, formatFixed } from "../format-number.js";
import { paint } from "../theme.js";
import { type Plot, type PlotTable, plotSize } from "./plot.js";
import { drawnSteps, stepAxis } from "./step-axis.js";

function accuracyRows(results: EvaluationResult) {
  return drawnSteps(results).flatMap((step) => {
    const accuracy = finiteOrNull(step.accuracy);
    return accuracy === null ? [] : [{ t: step.t, accuracy }];
  });
}

function accuracyDomain(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = Math.max(0.25, (high - low) * 0.08);
  return [Math.max(0, low - margin), Math.min(100, high + 1.5 * margin)];
}

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const steps = drawnSteps(results);
  const rows = accuracyRows(results);
  if (rows.length === 0) return null;
  const network = finiteOrNull(results.ann?.accuracy);
  const values = rows.map((row) => row.accuracy);
  const domain = accuracyDomain(network === null ? values : [...values, network]);
  const scale = { domain, nice: false, zero: false } as const;
  const axis = { tickCount: 6, labelExpr: "format(datum.value, '~r')" };
  const y = { field: "accuracy", type: "quantitative", title: "accuracy, %", scale, axis } as const;
  const label = `network ${formatFixed(network)} %`;
  const line = network === null ? [] : [{ accuracy: network, label }];
  return {
    ...plotSize,
    data: { values: rows },
    layer: [
      {
        data: { values: line },
        mark: { type: "rule", stroke: paint("s2"), strokeWidth: 1.8, strokeDash: [6, 4] },
        encoding: { y },
      },
      {
        data: { values: line },
        mark: { type: "text", fill: paint("s2"), align: "left", baseline: "bottom", x: 6, dy: -4 },
        encoding: { y, text: { field: "label" } },
      },
      {
        mark: { type: "line", stroke: paint("s1"), strokeWidth: 2.2, point: { fill: paint("s1"), size: 42 } },
        encoding: { x: stepAxis(steps), y },
      },
    ],
  };
}

function describe(results: EvaluationResult): string {
  const rows = accuracyRows(results);
  const first = rows[0];
  const last = rows.at(-1);
  if (!first || !last) return "No step was evaluated.";
  const network = results.ann ? `; the network has ${formatFixed(results.ann.accuracy)} %` : "";
  const images = `on ${formatCount(results.data.n)} images${network}.`;
  const end = `${formatFixed(last.accuracy)} % at T = ${last.t}`;
  if (first === last) return `The spiking network has ${end}, ${images}`;
  return `Accuracy goes from ${formatFixed(first.accuracy)} % at T = ${first.t} to ${end}, ${images}`;
}

function tabulate(results: EvaluationResult): PlotTable {
  return {
    columns: ["T", "SNN, %", "network, %", "correct", "images", "top 5, %"],
    rows: results.snn.at.map((step) => [
      formatCount(step.t),
      formatFixed(step.accuracy),
      formatFixed(results.ann?.accuracy),
      formatCount(step.correct),
      formatCount(step.n),
      formatFixed(step.top5),
    ]),
  };
}

export const accuracyAgainstSteps: Plot = {
  id: "accuracy-against-steps",
  title: "Accuracy over time steps",
  key: "Line with points: the spiking network. Dashed: the network it came from.",
  drawSpec,
  describe,
  tabulate,
};
