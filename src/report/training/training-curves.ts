/**
 * The curves of a training run: loss, accuracies, learning rate, an epoch a point.
 *
 * Knows: a training's history. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EpochRecord } from "../../training/checkpoint.js";
import { formatFixed, formatSignificant } from "../format-number.js";
import { type Plot, type PlotTable, plotSize } from "../plots/plot.js";
import { paint } from "../theme.js";

export type TrainingHistory = readonly EpochRecord[];

interface Curve {
  readonly name: string;
  readonly read: (record: EpochRecord) => number;
}

const paints = [paint("s1"), paint("s2")];

function drawCurves(history: TrainingHistory, title: string, curves: readonly Curve[]): TopLevelSpec | null {
  if (history.length === 0) return null;
  const names = curves.map(({ name }) => name);
  const values = curves.flatMap(({ name, read }) =>
    history.map((record) => ({ epoch: record.epoch, value: read(record), curve: name })),
  );
  return {
    ...plotSize,
    data: { values },
    mark: { type: "line", strokeWidth: 2.2, point: { size: 30 } },
    encoding: {
      x: { field: "epoch", type: "quantitative", title: "epoch", axis: { tickMinStep: 1 } },
      y: { field: "value", type: "quantitative", title, scale: { zero: false } },
      color: {
        field: "curve",
        type: "nominal",
        scale: { domain: names, range: paints.slice(0, names.length) },
        legend: names.length < 2 ? null : { title: null, orient: "top" },
      },
    },
  };
}

function tabulate(history: TrainingHistory): PlotTable {
  return {
    columns: ["epoch", "rate", "loss", "trained on, %", "judged, %"],
    rows: history.map((record) => [
      String(record.epoch),
      formatSignificant(record.rate),
      formatFixed(record.loss, 4),
      formatFixed(100 * record.trainedAccuracy),
      formatFixed(100 * record.judgedAccuracy),
    ]),
  };
}

function definePlot(
  facts: Pick<Plot<TrainingHistory>, "id" | "title" | "key">,
  axis: string,
  curves: readonly Curve[],
): Plot<TrainingHistory> {
  return {
    ...facts,
    drawSpec: (history) => drawCurves(history, axis, curves),
    describe(history) {
      const [first, last] = [history[0], history.at(-1)];
      if (first === undefined || last === undefined) return "No epoch is finished.";
      const parts = curves.map(
        ({ name, read }) => `${name} ${formatSignificant(read(first))} → ${formatSignificant(read(last))}`,
      );
      return `From epoch 1 to ${last.epoch}: ${parts.join(", ")}.`;
    },
    tabulate,
  };
}

export const trainingPlots: readonly Plot<TrainingHistory>[] = [
  definePlot(
    {
      id: "accuracy-by-epoch",
      title: "Accuracy by epoch",
      key: "Trained: on the augmented images, while they were trained on. Judged: on the last images of the training split.",
    },
    "accuracy, %",
    [
      { name: "judged", read: ({ judgedAccuracy }) => 100 * judgedAccuracy },
      { name: "trained", read: ({ trainedAccuracy }) => 100 * trainedAccuracy },
    ],
  ),
  definePlot({ id: "loss-by-epoch", title: "Loss by epoch", key: "Mean over the epoch's steps." }, "loss", [
    { name: "loss", read: ({ loss }) => loss },
  ]),
  definePlot(
    { id: "rate-by-epoch", title: "Learning rate", key: "At the beginning of each epoch." },
    "learning rate",
    [{ name: "rate", read: ({ rate }) => rate }],
  ),
];
