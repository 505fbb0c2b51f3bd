/**
 * The axis of layers that all plots "per layer" share: one row a layer, first layer on top.
 *
 * Knows: names and numbers of layers. May not know: what is drawn for them.
 * Rows are numbered, names are only labels, so that equal or hostile names do no harm.
 */
import type { EvaluatedLayer, EvaluationResult } from "../../evaluation/evaluation-result.js";
import { cleanLabel } from "../clean-text.js";
import { specPart } from "./plot.js";

/** Width of a plot per layer, in CSS pixels: three stand side by side. */
export const layerPlotWidth = 370;
const longestLabel = 24;
const mostRows = 400;

export interface LayerRow {
  readonly row: number;
  readonly layer: EvaluatedLayer;
}

/** Every layer with its row; of more than 400 layers evenly spread ones. */
export function layerRows(results: EvaluationResult): readonly LayerRow[] {
  const all = results.layers.map((layer, row) => ({ row, layer }));
  const stride = Math.ceil(all.length / mostRows);
  return stride <= 1 ? all : all.filter(({ row }) => row % stride === 0);
}

/** y encoding of the field `row`, the labels it needs as a parameter, and the height it takes. */
export function layerAxis(rows: readonly { readonly layer: { readonly name: string } }[]) {
  const labels = rows.map(({ layer }) => cleanLabel(layer.name, longestLabel));
  const step = rows.length <= 24 ? 20 : 14;
  const fontSize = rows.length <= 24 ? 12 : 11;
  const longest = Math.max(4, ...labels.map((label) => label.length));
  const extent = Math.ceil(longest * fontSize * 0.56) + 8;
  return specPart({
    params: [{ name: "layerNames", value: labels }],
    height: Math.max(1, rows.length) * step,
    barHeight: Math.round(step * 0.62),
    y: {
      field: "at",
      type: "ordinal",
      title: null,
      sort: null,
      scale: { domain: rows.map((_, at) => at) },
      axis: {
        labelExpr: "layerNames[datum.value]",
        labelFontSize: fontSize,
        labelLimit: 1000,
        minExtent: extent,
        maxExtent: extent,
        ticks: false,
        domain: false,
        grid: false,
      },
    },
  });
}
