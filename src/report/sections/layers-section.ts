/**
 * The table of layers, with bars in its cells.
 *
 * Knows: `layers` of results and conversion. May not know: plots, files.
 */
import {
  finiteOrNull,
  formatCount,
  formatFixed,
  formatShare,
  formatShort,
  formatSignificant,
} from "../format-number.js";
import { html, type Markup } from "../html.js";
import { nameRates } from "../name-rates.js";
import { explainSpikes, nameSpikes } from "../name-spikes.js";
import type { ReportedLayer, ReportInput } from "../report-input.js";
import { type Cell, renderTableMarkup } from "./data-table.js";

type Layer = ReportInput["results"]["layers"][number];

interface Column {
  readonly title: string;
  readonly value: (layer: Layer, converted: ReportedLayer | undefined) => number | null | undefined;
  readonly format: (value: number | null | undefined) => string;
  /** Bars are scaled to the largest value of the column, or to this. */
  readonly full?: number;
  readonly hasBar?: boolean;
}

function meanLambda(converted: ReportedLayer | undefined): number | null {
  const lambda = converted?.lambdaOut;
  if (typeof lambda === "number") return lambda;
  if (!lambda || lambda.length === 0) return null;
  return lambda.reduce((sum, value) => sum + value, 0) / lambda.length;
}

function listColumns(input: ReportInput): Column[] {
  const operations = input.results.layers.reduce((sum, layer) => sum + layer.sopEffective, 0);
  const perChannel = input.conversion?.layers?.some(
    (layer) => Array.isArray(layer.lambdaOut) && layer.lambdaOut.length > 1,
  );
  const converted: Column[] = input.conversion?.layers
    ? [
        {
          title: perChannel ? "mean λ" : "λ",
          value: (_, entry) => meanLambda(entry),
          format: (value) => formatSignificant(value, 4),
        },
        { title: "κ", value: (_, entry) => entry?.kappa, format: (value) => formatSignificant(value, 4) },
      ]
    : [];
  const rates = nameRates(input.results);
  return [
    { title: "neurons", value: (layer) => layer.neurons, format: formatCount },
    ...converted,
    {
      title: `${nameSpikes(input.results)} / image`,
      value: (layer) => layer.spikes,
      format: formatShort,
      hasBar: true,
    },
    { title: rates.mean, value: (layer) => layer.rate, format: formatSignificant, hasBar: true },
    { title: rates.largest, value: (layer) => layer.maxRate, format: formatSignificant },
    { title: "silent, %", value: (layer) => layer.silent, format: formatShare, full: 1, hasBar: true },
    { title: "saturated, %", value: (layer) => layer.saturated, format: formatShare, full: 1, hasBar: true },
    { title: "correlation", value: (layer) => layer.correlation, format: (value) => formatFixed(value, 4) },
    { title: "mean error", value: (layer) => layer.meanAbsError, format: formatSignificant, hasBar: true },
    {
      title: "operations, %",
      value: (layer) => (operations > 0 ? layer.sopEffective / operations : null),
      format: formatShare,
      hasBar: true,
    },
  ];
}

export function renderLayersSection(input: ReportInput): Markup {
  const columns = listColumns(input);
  const rates = nameRates(input.results);
  const layers = input.results.layers;
  const converted = new Map(input.conversion?.layers?.map((layer) => [layer.name, layer]));
  const values = layers.map((layer) =>
    columns.map((column) => finiteOrNull(column.value(layer, converted.get(layer.name)))),
  );
  const tops = columns.map(
    (column, at) => column.full ?? values.reduce((top, row) => Math.max(top, row[at] ?? 0), 0),
  );
  const rows = layers.map((layer, at): Cell[] => [
    { content: layer.name, sortBy: at },
    ...columns.map((column, place): Cell => {
      const value = values[at]?.[place] ?? null;
      const top = tops[place] ?? 0;
      const bar = column.hasBar && value !== null && top > 0 ? { bar: value / top } : {};
      return { content: column.format(value), sortBy: value, ...bar };
    }),
  ]);
  const table = renderTableMarkup({
    label: "Layers",
    columns: ["layer", ...columns.map((column) => column.title)],
    rows,
    isSortable: true,
  });
  return html`<section id="layers" aria-labelledby="layers-title"><h2 id="layers-title">Layers</h2>
<p class="note">In topological order. Silent and saturated: ${rates.extremes}. Correlation and error compare ${rates.comparison}. ${explainSpikes(input.results)}</p>${table}</section>`;
}
