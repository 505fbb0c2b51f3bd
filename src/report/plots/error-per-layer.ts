/**
 * Mean absolute error per layer between rates N/T and activations min(a, λ)/λ.
 *
 * Knows: `layers` of the results. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { cleanText } from "../clean-text.js";
import { finiteOrNull, formatSignificant } from "../format-number.js";
import { nameRates } from "../name-rates.js";
import { paint } from "../theme.js";
import { layerAxis, layerPlotWidth, layerRows } from "./layer-axis.js";
import { type Plot, type PlotTable, specPart } from "./plot.js";
import { describeUnreadSteps } from "./unread-steps.js";

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const rows = layerRows(results);
  const { y, height, params, barHeight } = layerAxis(rows);
  const values = rows.flatMap(({ layer }, at) => {
    const error = finiteOrNull(layer.meanAbsError);
    return error === null ? [] : [{ at, error }];
  });
  if (values.length === 0) return null;
  const top = Math.max(1e-9, ...values.map((row) => row.error));
  const x = specPart({
    field: "error",
    type: "quantitative",
    title: nameRates(results).error,
    scale: { domain: [0, top], nice: false },
    axis: { tickCount: 5, labelExpr: "format(datum.value, '~g')" },
  });
  return {
    width: layerPlotWidth,
    height: height + 44,
    params,
    data: { values },
    mark: { type: "bar", fill: paint("s4"), height: barHeight },
    encoding: { y, x },
  };
}

function describe(results: EvaluationResult): string {
  const known = results.layers.flatMap((layer) => {
    const error = finiteOrNull(layer.meanAbsError);
    return error === null ? [] : [{ name: cleanText(layer.name), error }];
  });
  const first = known[0];
  if (!first) return "No error is known: the network was not evaluated on these images.";
  const most = known.reduce((best, row) => (row.error > best.error ? row : best), first);
  return `The largest mean error of a rate is ${formatSignificant(most.error)} (${most.name}); 1 is ${nameRange(results)}.${describeUnreadSteps(results)}`;
}

/** What an error of 1 is: λ, which is all that a rate tells and a refined value may exceed. */
const nameRange = ({ snn }: EvaluationResult) => (snn.alphabet.includes("refine") ? "λ" : "the full range");

function tabulate(results: EvaluationResult): PlotTable {
  return {
    columns: ["layer", "mean absolute error"],
    rows: results.layers.map((layer) => [layer.name, formatSignificant(layer.meanAbsError)]),
  };
}

export const errorPerLayer: Plot = {
  id: "error-per-layer",
  title: "Error of the rates per layer",
  key: (results) => `Bar: mean absolute difference of ${nameRates(results).comparison}.`,
  drawSpec,
  describe,
  tabulate,
};
