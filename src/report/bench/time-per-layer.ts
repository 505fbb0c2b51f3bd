/**
 * Time a step of each layer, measured and as the planner's model has it.
 *
 * Knows: layers of a bench. May not know: how they were measured, how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { BenchLayer, BenchResult } from "../../evaluation/bench-result.js";
import { cleanText } from "../clean-text.js";
import { absent, finiteOrNull, formatShare, formatSignificant } from "../format-number.js";
import { layerAxis, layerPlotWidth } from "../plots/layer-axis.js";
import { type Plot, type PlotTable, specPart } from "../plots/plot.js";
import { paint } from "../theme.js";

const mostRows = 400;

function drawSpec({ layers }: BenchResult): TopLevelSpec | null {
  const rows = layers.slice(0, mostRows).map((layer) => ({ layer }));
  const { y, height, params, barHeight } = layerAxis(rows);
  const valuesOf = (field: "measuredMicroseconds" | "modelledMicroseconds") =>
    rows.flatMap(({ layer }, at) => {
      const time = finiteOrNull(layer[field]);
      return time === null ? [] : [{ at, time }];
    });
  const measured = valuesOf("measuredMicroseconds");
  const modelled = valuesOf("modelledMicroseconds");
  if (measured.length === 0) return null;
  const largest = Math.max(1e-6, ...[...measured, ...modelled].map(({ time }) => time));
  const x = specPart({
    field: "time",
    type: "quantitative",
    title: "µs an image and step",
    scale: { domain: [0, largest], nice: false },
    axis: { tickCount: 5, labelExpr: "format(datum.value, '~g')" },
  });
  return {
    width: layerPlotWidth,
    height: height + 44,
    params,
    layer: [
      {
        data: { values: measured },
        mark: { type: "bar", fill: paint("s1"), height: barHeight },
        encoding: { y, x },
      },
      {
        data: { values: modelled },
        mark: { type: "tick", stroke: paint("s2"), thickness: 2.5, height: barHeight + 4 },
        encoding: { y, x },
      },
    ],
  };
}

function describe({ layers, restShare }: BenchResult): string {
  const first = layers[0];
  if (first === undefined) return "The backend does not tell where its time goes: 0 layers.";
  const top = layers.reduce((best, layer) => (layer.share > best.share ? layer : best), first);
  return (
    `${cleanText(top.name)} takes most, ${formatShare(top.share)} % of the time; ` +
    `${formatShare(restShare)} % goes to no layer (currents of the image, readout, counts).`
  );
}

/** `table-8 int16 7.21, event list 11.3`: kernels that were not chosen, with what the model gives them. */
export function describeRejected({ rejected }: BenchLayer): string {
  return rejected
    .map(({ kernel, modelledMicroseconds, reason }) =>
      `${kernel} ${modelledMicroseconds === null ? (reason ?? "") : formatSignificant(modelledMicroseconds)}`.trim(),
    )
    .join(", ");
}

const formatRate = (rate: number | null) => (rate === null ? absent : formatShare(rate));

export function tabulateLayers(layers: readonly BenchLayer[]): PlotTable {
  return {
    columns: [
      "layer",
      "kernel",
      "share, %",
      "mean rate, %",
      "calibrated, %",
      "µs a step",
      "modelled",
      "rejected (modelled)",
    ],
    rows: layers.map((layer) => [
      layer.name,
      layer.kernel,
      formatShare(layer.share),
      formatRate(layer.rate),
      formatRate(layer.calibratedRate),
      formatSignificant(layer.measuredMicroseconds),
      formatSignificant(layer.modelledMicroseconds),
      describeRejected(layer),
    ]),
  };
}

export const timePerLayer: Plot<BenchResult> = {
  id: "time-per-layer",
  title: "Time of a step per layer",
  key: "Bar: measured, one thread at the largest T. Tick: the planner's model; gates have none.",
  drawSpec,
  describe,
  tabulate: ({ layers }) => tabulateLayers(layers),
};
