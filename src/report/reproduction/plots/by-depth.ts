/**
 * Rows against depth: loss, share of the network's accuracy, the network's own accuracy.
 *
 * Knows: rows. May not know: experiments.
 */
import type { ExperimentResult, ReproducedRow, RowMeasurement } from "../reproduction-result.js";
import { defineLinePlot } from "./define-line-plot.js";
import type { LinePoint } from "./draw-lines.js";

type Read = (measured: RowMeasurement) => readonly [y: number, low: number, high: number];

/** A point a measured row with T = 350 (or of a network alone), a line a kind. */
function listPoints(
  { rows }: ExperimentResult,
  parts: readonly string[],
  nameSeries: (row: ReproducedRow) => string,
  read: Read,
): LinePoint[] {
  return rows.flatMap((row) => {
    if (row.measured === null || !parts.includes(row.part)) return [];
    const [y, low, high] = read(row.measured);
    return [{ series: nameSeries(row), x: row.depth, y, low, high }];
  });
}

const kindOf = ({ family }: ReproducedRow) => (family === "resnet" ? "residual" : "plain");
const byRecipe = ["The article's recipe", "Preset default"];

export const lossByDepth = defineLinePlot(
  {
    id: "table2-loss-by-depth",
    title: "Loss with and without shortcut normalisation",
    key: "T = 350. Bars: paired 95 % interval against the network.",
  },
  { x: "depth", y: "loss, points" },
  (result) =>
    listPoints(
      result,
      byRecipe,
      ({ recipe }) => recipe,
      ({ loss, lossCi95 }) => [loss, ...lossCi95],
    ),
);

export const shareByDepth = defineLinePlot(
  {
    id: "fig4-share-by-depth",
    title: "Accuracy kept by conversion",
    key: "The spiking network's accuracy as a share of its network's, T = 350. Bars: the loss's paired 95 % interval.",
  },
  { x: "depth", y: "SNN / network, %" },
  (result) =>
    listPoints(
      result,
      byRecipe,
      (row) => `${kindOf(row)}, ${row.recipe}`,
      ({ network, snn, lossCi95 }) => {
        const share = (loss: number) => (100 * (network - loss)) / network;
        return [(100 * snn) / network, share(lossCi95[1]), share(lossCi95[0])];
      },
    ),
);

export const accuracyByDepth = defineLinePlot(
  {
    id: "fig5-accuracy-by-depth",
    title: "Accuracy of the networks themselves",
    key: "Bars: 95 % interval of an accuracy on these images.",
  },
  { x: "depth", y: "accuracy, %" },
  (result) =>
    listPoints(result, ["The networks themselves"], kindOf, ({ network, networkCi95 }) => [
      network,
      ...networkCi95,
    ]),
);
