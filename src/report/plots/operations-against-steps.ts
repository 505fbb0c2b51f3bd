/**
 * Synaptic operations per image over time steps, beside the network's multiply-accumulates.
 *
 * Knows: `snn.at` and `cost` of the results. May not know: how it is rendered.
 * An accumulate and a multiply-accumulate are not the same work; the energy plot weighs them.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { finiteOrNull, formatCount, formatRatio, formatShort } from "../format-number.js";
import { namedAlphabet } from "../name-spikes.js";
import { paint } from "../theme.js";
import { countAxis } from "./count-axis.js";
import { type Plot, type PlotTable, plotSize, specPart } from "./plot.js";
import { drawnSteps, stepAxis } from "./step-axis.js";

const series = ["structural", "effective"] as const;

const field = specPart({ field: "series", type: "nominal" });
const legend = specPart({ title: null, orient: "top", direction: "horizontal" });
const domain = [...series];
/** Structural is a larger square under effective's circle: both show where they coincide, as they nearly do. */
const bySeries = {
  color: { ...field, legend, scale: { domain, range: [paint("s3"), paint("s1")] } },
  shape: { ...field, legend, scale: { domain, range: ["square", "circle"] } },
  size: { ...field, legend: null, scale: { domain, range: [120, 40] } },
};

function operationRows(results: EvaluationResult) {
  return drawnSteps(results).flatMap((step) =>
    series.flatMap((name) => {
      const count = finiteOrNull(name === "structural" ? step.sopStructural : step.sopEffective);
      return count === null ? [] : [{ t: step.t, series: name, count }];
    }),
  );
}

/** Beside the line where no curve runs: right and below if the curve ends above it, else left and above. */
function placeLabel(isAbove: boolean) {
  return isAbove
    ? ({ align: "right", baseline: "top", x: "width", dx: -4, dy: 5 } as const)
    : ({ align: "left", baseline: "bottom", x: 6, dy: -4 } as const);
}

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const rows = operationRows(results);
  if (rows.length === 0) return null;
  const macs = finiteOrNull(results.cost.annMacs);
  const line = macs === null ? [] : [{ count: macs, label: `network ${formatShort(macs)} MACs` }];
  const isAbove = (rows.at(-1)?.count ?? 0) > (macs ?? 0);
  const counts = [...rows, ...line].map((row) => row.count);
  const alphabet = namedAlphabet(results);
  const y = countAxis(`operations per image${alphabet === null ? "" : ` (${alphabet} spikes)`}`, counts);
  const x = stepAxis(drawnSteps(results));
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
        mark: { type: "text", fill: paint("s2"), ...placeLabel(isAbove) },
        encoding: { y, text: { field: "label" } },
      },
      { mark: { type: "line", strokeWidth: 2.2 }, encoding: { x, y, color: bySeries.color } },
      { mark: { type: "point", filled: true, opacity: 1 }, encoding: { x, y, ...bySeries } },
    ],
  };
}

function describe(results: EvaluationResult): string {
  const last = drawnSteps(results).at(-1);
  if (!last) return "No step was evaluated.";
  const macs = results.cost.annMacs;
  const ratio =
    macs > 0 ? `, ${formatRatio(last.sopEffective, macs)} the network's ${formatShort(macs)} MACs` : "";
  return (
    `An image takes ${formatShort(last.sopEffective)} effective ` +
    `(${formatShort(last.sopStructural)} structural) synaptic operations up to T = ${last.t}${ratio}.`
  );
}

function tabulate(results: EvaluationResult): PlotTable {
  return {
    columns: ["T", "structural", "effective", "effective / network MACs"],
    rows: results.snn.at.map((step) => [
      formatCount(step.t),
      formatCount(step.sopStructural),
      formatCount(step.sopEffective),
      formatRatio(step.sopEffective, results.cost.annMacs),
    ]),
  };
}

export const operationsAgainstSteps: Plot = {
  id: "operations-against-steps",
  title: "Synaptic operations over time steps",
  key: "Structural: spikes × fan-out, one of size s as |s|. Effective: without weights equal to 0. Dashed: the network's multiply-accumulates.",
  drawSpec,
  describe,
  tabulate,
};
