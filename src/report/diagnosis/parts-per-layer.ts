/**
 * The five parts of each layer's error as stacked bars.
 *
 * Knows: layers of a diagnosis. May not know: how they were measured, how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { Diagnosis } from "../../evaluation/diagnosis/diagnose-snn.js";
import { errorParts } from "../../evaluation/diagnosis/error-parts.js";
import { cleanText } from "../clean-text.js";
import { finiteOrNull, formatSignificant } from "../format-number.js";
import { layerAxis, layerPlotWidth } from "../plots/layer-axis.js";
import { type Plot, type PlotTable, specPart } from "../plots/plot.js";
import { paint } from "../theme.js";

const mostRows = 400;
const colours = [paint("s1"), paint("s3"), paint("s4"), paint("s2"), paint("muted")];

function drawSpec({ layers }: Diagnosis): TopLevelSpec | null {
  const rows = layers.slice(0, mostRows).map((layer) => ({ layer }));
  if (rows.length === 0) return null;
  const { y, height, params, barHeight } = layerAxis(rows);
  const values = rows.flatMap(({ layer }, at) =>
    errorParts.map((part, order) => ({ at, part, order, value: finiteOrNull(layer.parts[part]) ?? 0 })),
  );
  const sums = rows.map((_, at) =>
    values.filter((value) => value.at === at).reduce((sum, { value }) => sum + value, 0),
  );
  const x = specPart({
    field: "value",
    type: "quantitative",
    stack: "zero",
    title: "mean square over the activation's",
    scale: { domain: [0, Math.max(1e-12, ...sums)], nice: false },
    axis: { tickCount: 5, labelExpr: "format(datum.value, '~g')" },
  });
  return {
    width: layerPlotWidth,
    height: height + 44,
    params,
    data: { values },
    mark: { type: "bar", height: barHeight },
    encoding: {
      y,
      x,
      color: {
        type: "nominal",
        field: "part",
        scale: { domain: [...errorParts], range: colours },
        legend: { title: null, orient: "top", columns: 3, direction: "horizontal" },
      },
      order: { field: "order" },
    },
  };
}

function describe({ layers }: Diagnosis): string {
  const first = layers[0];
  if (first === undefined) return "The network has no layers with neurons.";
  const defects = layers.filter(({ isDefect }) => isDefect).map(({ name }) => cleanText(name));
  const most = layers.reduce((best, layer) => (layer.total > best.total ? layer : best), first);
  const wiring =
    defects.length === 0
      ? "wiring is zero to rounding everywhere"
      : `wiring is not zero in ${defects.join(", ")}: a defect`;
  return `The largest error is that of ${cleanText(most.name)}, ${formatSignificant(most.total)} of its activation's mean square; ${wiring}.`;
}

export function tabulateParts({ layers }: Diagnosis): PlotTable {
  return {
    columns: ["layer", ...errorParts, "together", "evenly, %", "all own off, %"],
    rows: layers.map(({ name, parts, total, effect }) => [
      name,
      ...errorParts.map((part) => formatSignificant(parts[part], 2)),
      formatSignificant(total, 2),
      formatSignificant(effect?.evenness, 2),
      formatSignificant(effect?.allLocal, 2),
    ]),
  };
}

export const partsPerLayer: Plot<Diagnosis> = {
  id: "parts-per-layer",
  title: "Where each layer's error comes from",
  key: "Mean squares of the parts over that of the activation; they may cancel, so the whole error is not their sum. The table has it.",
  drawSpec,
  describe,
  tabulate: tabulateParts,
};
