/**
 * Rows against T: compensation, and presets for few steps.
 *
 * Knows: rows. May not know: experiments.
 */
import type { ExperimentResult, ReproducedRow } from "../reproduction-result.js";
import { defineLinePlot } from "./define-line-plot.js";
import type { LinePoint } from "./draw-lines.js";

function listPoints(rows: readonly ReproducedRow[], nameSeries: (row: ReproducedRow) => string): LinePoint[] {
  return rows.flatMap((row) => {
    if (row.measured === null) return [];
    const { loss, lossCi95 } = row.measured;
    return [{ series: nameSeries(row), x: row.T, y: loss, low: lossCi95[0], high: lossCi95[1] }];
  });
}

const key = "Bars: paired 95 % interval against the network on the same images.";
const axes = { x: "time steps T (log)", y: "loss, points", isLog: true };
const wordOf: Readonly<Record<string, string>> = {
  maximum: "none",
  shared: "one factor",
  layer: "a factor a layer",
};

export const compensationBySteps = (depth: number) =>
  defineLinePlot(
    { id: `compensation-resnet${depth}`, title: `Compensation, ResNet-${depth}`, key },
    axes,
    ({ rows }) =>
      listPoints(
        rows.filter((row) => row.depth === depth),
        ({ recipe }) => wordOf[recipe] ?? recipe,
      ),
  );

/** Multi-level spikes are named beside binary ones. */
function nameBySpikes({ name, data, recipe, measured }: ReproducedRow): string {
  const alphabet = measured?.alphabet ?? "binary";
  return `${name}, ${data}, ${recipe}${alphabet === "binary" ? "" : ` (${alphabet})`}`;
}

export const fewSteps = (experiment: string) =>
  defineLinePlot(
    { id: `${experiment}-few-steps`, title: "Loss at few steps", key },
    axes,
    ({ rows }: ExperimentResult) =>
      listPoints(
        rows.filter(({ part }) => part === "Beyond: few steps").sort((a, b) => a.depth - b.depth),
        nameBySpikes,
      ),
  );
