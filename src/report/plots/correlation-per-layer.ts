/**
 * Pearson correlation, per layer, between rates N/T and activations min(a, λ)/λ.
 *
 * Knows: `layers` of the results. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { cleanText } from "../clean-text.js";
import { finiteOrNull, formatFixed } from "../format-number.js";
import { nameRates } from "../name-rates.js";
import { paint } from "../theme.js";
import { layerAxis, layerPlotWidth, layerRows } from "./layer-axis.js";
import { type Plot, type PlotTable, specPart } from "./plot.js";
import { describeUnreadSteps } from "./unread-steps.js";

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const rows = layerRows(results);
  const { y, height, params } = layerAxis(rows);
  const values = rows.flatMap(({ layer }, at) => {
    const correlation = finiteOrNull(layer.correlation);
    return correlation === null ? [] : [{ at, correlation }];
  });
  if (values.length === 0) return null;
  const least = Math.min(...values.map((row) => row.correlation));
  const low = least >= 0.9 ? 0.9 : least >= 0 ? Math.floor(least * 10) / 10 : -1;
  const x = specPart({
    field: "correlation",
    type: "quantitative",
    title: low > 0 ? `correlation (axis from ${low})` : "correlation",
    scale: { domain: [low, 1], nice: false, zero: false },
    axis: { tickCount: 5, labelExpr: "replace(format(datum.value, '~g'), '-', '−')" },
  });
  return {
    width: layerPlotWidth,
    height: height + 44,
    params,
    data: { values },
    layer: [
      {
        mark: { type: "rule", stroke: paint("s3"), strokeOpacity: 0.45, strokeWidth: 2 },
        encoding: { y, x: { ...x, field: "correlation" }, x2: { datum: low } },
      },
      { mark: { type: "point", filled: true, fill: paint("s3"), size: 52, opacity: 1 }, encoding: { y, x } },
    ],
  };
}

function describe(results: EvaluationResult): string {
  const known = results.layers.flatMap((layer) => {
    const correlation = finiteOrNull(layer.correlation);
    return correlation === null ? [] : [{ name: cleanText(layer.name), correlation }];
  });
  const first = known[0];
  if (!first) return "No correlation is known: the network was not evaluated, or nothing varies.";
  const least = known.reduce((best, row) => (row.correlation < best.correlation ? row : best), first);
  const missing = results.layers.length - known.length;
  const rest = missing > 0 ? ` ${missing} layers have none (constant).` : "";
  return `The lowest correlation is ${formatFixed(least.correlation, 4)} (${least.name}).${rest}${describeUnreadSteps(results)}`;
}

function tabulate(results: EvaluationResult): PlotTable {
  return {
    columns: ["layer", "correlation"],
    rows: results.layers.map((layer) => [layer.name, formatFixed(layer.correlation, 4)]),
  };
}

export const correlationPerLayer: Plot = {
  id: "correlation-per-layer",
  title: "Correlation of rate and activation per layer",
  key: (results) => `Point: Pearson correlation of ${nameRates(results).comparison}.`,
  drawSpec,
  describe,
  tabulate,
};
