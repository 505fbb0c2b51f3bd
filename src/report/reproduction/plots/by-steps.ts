/**
 * Rows against T: compensation, and presets for few steps.
 *
 * Knows: rows. May not know: experiments.
 */
import { labelAlphabet } from "../../name-spikes.js";
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

const beyond = "Beyond: few steps";

/** Presets that an experiment has at few steps. */
export function listPresets({ rows }: ExperimentResult): readonly string[] {
  const measured = rows.filter((row) => row.part === beyond && row.measured !== null);
  return [...new Set(measured.map(({ recipe }) => recipe))];
}

/** One preset, a line a network; multi-level spikes are named. */
export const fewSteps = (experiment: string, preset: string) =>
  defineLinePlot(
    { id: `${experiment}-few-steps-${preset}`, title: `Loss at few steps, preset ${preset}`, key },
    axes,
    ({ rows }) =>
      listPoints(
        rows
          .filter(({ part, recipe }) => part === beyond && recipe === preset)
          .sort((a, b) => a.depth - b.depth),
        ({ name, data, measured }) => {
          const alphabet = measured?.alphabet ?? "binary";
          return `${name}, ${data}${alphabet === "binary" ? "" : `, ${labelAlphabet(alphabet)}`}`;
        },
      ),
  );
