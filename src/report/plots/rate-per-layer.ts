/**
 * Firing rate per layer: the mean over images and neurons, and the largest.
 *
 * Knows: `layers` of the results. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { cleanText } from "../clean-text.js";
import { finiteOrNull, formatShare, formatSignificant } from "../format-number.js";
import { paint } from "../theme.js";
import { layerAxis, layerPlotWidth, layerRows } from "./layer-axis.js";
import { type Plot, type PlotTable, specPart } from "./plot.js";

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const rows = layerRows(results);
  if (rows.length === 0) return null;
  const { y, height, params, barHeight } = layerAxis(rows);
  const values = rows.map(({ layer }, at) => ({
    at,
    rate: finiteOrNull(layer.rate),
    max: finiteOrNull(layer.maxRate),
  }));
  const top = Math.max(1e-6, ...values.flatMap((row) => [row.rate ?? 0, row.max ?? 0]));
  const x = specPart({
    type: "quantitative",
    title: "spikes per neuron and step",
    scale: { domain: [0, top], nice: false },
    axis: { tickCount: 5, labelExpr: "format(datum.value, '~g')" },
  });
  return {
    width: layerPlotWidth,
    height: height + 44,
    params,
    data: { values },
    layer: [
      {
        transform: [{ filter: "isValid(datum.rate)" }],
        mark: { type: "bar", fill: paint("s1"), height: barHeight },
        encoding: { y, x: { ...x, field: "rate" } },
      },
      {
        transform: [{ filter: "isValid(datum.max)" }],
        mark: { type: "tick", stroke: paint("s2"), fill: paint("s2"), thickness: 2, size: barHeight + 2 },
        encoding: { y, x: { ...x, field: "max" } },
      },
    ],
  };
}

function describe(results: EvaluationResult): string {
  const layers = results.layers.filter((layer) => Number.isFinite(layer.rate));
  const first = layers[0];
  if (!first) return "There is no spiking layer.";
  const most = layers.reduce((best, layer) => (layer.rate > best.rate ? layer : best), first);
  const least = layers.reduce((best, layer) => (layer.rate < best.rate ? layer : best), first);
  if (most === least)
    return `${cleanText(most.name)} fires at a mean rate of ${formatSignificant(most.rate)}.`;
  return (
    `Mean rates lie between ${formatSignificant(least.rate)} (${cleanText(least.name)}) ` +
    `and ${formatSignificant(most.rate)} (${cleanText(most.name)}) spikes per neuron and step.`
  );
}

function tabulate(results: EvaluationResult): PlotTable {
  return {
    columns: ["layer", "mean rate", "largest rate", "silent, %", "saturated, %"],
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
  key: "Bar: mean |N|/T over images and neurons. Upright mark: the largest.",
  drawSpec,
  describe,
  tabulate,
};
