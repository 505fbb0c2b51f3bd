/**
 * Energy per image in every convention, one under the other, by terms.
 *
 * Knows: the terms of `../energy-terms.ts`. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { cleanLabel } from "../clean-text.js";
import { type EnergyBar, energyTerms, listEnergyBars } from "../energy-terms.js";
import { formatRatio, formatSignificant } from "../format-number.js";
import { namedAlphabet } from "../name-spikes.js";
import { paint } from "../theme.js";
import { type Plot, type PlotTable, plotSize, specPart } from "./plot.js";

const labelWidth = 158;
const rowHeight = 24;
const termColour = specPart({
  type: "nominal",
  field: "term",
  scale: { domain: [...energyTerms], range: [paint("s2"), paint("s1"), paint("s3"), paint("s4")] },
});

function energyAxes(name: string, bars: readonly EnergyBar[]) {
  const top = Math.max(1e-9, ...bars.map((bar) => bar.total)) * 1.18;
  const y = specPart({
    field: "bar",
    type: "nominal",
    title: null,
    sort: bars.map((bar) => bar.label),
    axis: { labelLimit: 1000, minExtent: labelWidth, maxExtent: labelWidth, ticks: false, domain: false },
  });
  const x = specPart({
    field: "value",
    type: "quantitative",
    title: `µJ per image, ${name}`,
    scale: { domain: [0, top], nice: false },
    axis: { tickCount: 4, labelExpr: "format(datum.value, '~g')" },
  });
  return { x, y };
}

function energyPanel(name: string, bars: readonly EnergyBar[], hasLegend: boolean) {
  const rows = bars.flatMap((bar) =>
    bar.parts.map(({ term, value }) => ({ bar: bar.label, term, value, order: energyTerms.indexOf(term) })),
  );
  const totals = bars.map((bar) => ({
    bar: bar.label,
    value: bar.total,
    text: formatSignificant(bar.total),
  }));
  const { x, y } = energyAxes(name, bars);
  const legend = hasLegend
    ? specPart({ title: null, orient: "top", columns: 2, direction: "horizontal" })
    : null;
  return specPart({
    width: plotSize.width - labelWidth - 20,
    height: bars.length * rowHeight,
    layer: [
      {
        data: { values: rows },
        mark: { type: "bar", height: 14, stroke: paint("card"), strokeWidth: 1 },
        encoding: {
          y,
          x: { ...x, stack: "zero" },
          color: { ...termColour, legend },
          order: { field: "order" },
        },
      },
      {
        data: { values: totals },
        mark: { type: "text", align: "left", dx: 4, fill: paint("ink") },
        encoding: { y, x, text: { field: "text" } },
      },
    ],
  });
}

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const panels = results.cost.energy
    .map((estimate) => ({ name: estimate.convention, bars: listEnergyBars(estimate, results.cost) }))
    .filter(({ bars }) => bars.length > 0);
  if (panels.length === 0) return null;
  const alphabet = namedAlphabet(results);
  const spikes = alphabet === null ? "" : `, ${alphabet} spikes`;
  const vconcat = panels.map(({ name, bars }, at) =>
    energyPanel(`${cleanLabel(name, 40)}${spikes}`, bars, at === 0),
  );
  return { spacing: 16, vconcat };
}

function tabulate(results: EvaluationResult): PlotTable {
  const sides = results.cost.energy.map((estimate) => ({
    name: estimate.convention,
    bars: listEnergyBars(estimate, results.cost),
  }));
  const labels = [...new Set(sides.flatMap(({ bars }) => bars.map((bar) => bar.label)))];
  const columns = sides.flatMap(({ name }) => [`${name}, µJ`, `${name}, terms`]);
  const rows = labels.map((label) => [
    label,
    ...sides.flatMap(({ bars }) => {
      const bar = bars.find((candidate) => candidate.label === label);
      const parts = bar?.parts.map(({ term, value }) => `${term} ${formatSignificant(value)}`) ?? [];
      return [formatSignificant(bar?.total), parts.join(" + ")];
    }),
  ]);
  return { columns: ["counted as", ...columns], rows };
}

function describe(results: EvaluationResult): string {
  const ratios = results.cost.energy.flatMap(({ convention, snnUJ, annUJ }) =>
    annUJ > 0 ? [`${formatRatio(snnUJ, annUJ)} the network's under ${cleanLabel(convention, 40)}`] : [],
  );
  return ratios.length > 0 ? `The SNN's energy is ${ratios.join(", ")}.` : "No energy was estimated.";
}

export const energy: Plot = {
  id: "energy",
  title: "Energy per image, both conventions",
  key: "Bars are split by terms; the number is the total. The scales of the conventions differ.",
  drawSpec,
  describe,
  tabulate,
};
