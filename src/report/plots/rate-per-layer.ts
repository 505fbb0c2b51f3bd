/**
 * Firing rate per layer: the mean over images and neurons; the table has the largest too.
 *
 * Knows: `layers` of the results. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { cleanText } from "../clean-text.js";
import { finiteOrNull, formatShare, formatSignificant } from "../format-number.js";
import { nameRates } from "../name-rates.js";
import { paint } from "../theme.js";
import { layerAxis, layerPlotWidth, layerRows } from "./layer-axis.js";
import { type Plot, type PlotTable, specPart } from "./plot.js";

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const rows = layerRows(results);
  const { y, height, params, barHeight } = layerAxis(rows);
  const values = rows.flatMap(({ layer }, at) => {
    const rate = finiteOrNull(layer.rate);
    return rate === null ? [] : [{ at, rate }];
  });
  if (values.length === 0) return null;
  const x = specPart({
    field: "rate",
    type: "quantitative",
    title: nameRates(results).axis,
    scale: { domain: [0, Math.max(1e-6, ...values.map((row) => row.rate))], nice: false },
    axis: { tickCount: 5, labelExpr: "format(datum.value, '~g')" },
  });
  return {
    width: layerPlotWidth,
    height: height + 44,
    params,
    data: { values },
    mark: { type: "bar", fill: paint("s1"), height: barHeight },
    encoding: { y, x },
  };
}

function describe(results: EvaluationResult): string {
  const layers = results.layers.filter((layer) => Number.isFinite(layer.rate));
  const first = layers[0];
  if (!first) return "There is no spiking layer.";
  const most = layers.reduce((best, layer) => (layer.rate > best.rate ? layer : best), first);
  const least = layers.reduce((best, layer) => (layer.rate < best.rate ? layer : best), first);
  if (most === least)
    return `${cleanText(most.name)} ${nameRates(results).describe(formatSignificant(most.rate))}.`;
  return nameRates(results).describeMean(
    `${formatSignificant(least.rate)} (${cleanText(least.name)}) ` +
      `and ${formatSignificant(most.rate)} (${cleanText(most.name)})`,
  );
}

function tabulate(results: EvaluationResult): PlotTable {
  const { mean, largest } = nameRates(results);
  return {
    columns: ["layer", mean, largest, "silent, %", "saturated, %"],
    rows: results.layers.map((layer) => [
      layer.name,
      formatSignificant(layer.rate),
      formatSignificant(layer.maxRate),
      formatShare(layer.silent),
      formatShare(layer.saturated),
    ]),
  };
}

export const ratePerLayer: Plot = {
  id: "rate-per-layer",
  title: "Firing rate per layer",
  key: (results) => `Bar: ${nameRates(results).key}. The table has the largest too.`,
  drawSpec,
  describe,
  tabulate,
};
