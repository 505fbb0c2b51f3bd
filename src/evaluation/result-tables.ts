/**
 * The tables of a run folder as CSV text.
 *
 * Knows: their columns. May not know: files.
 */
import type { PredictionRow } from "./accumulate.js";
import type { EvaluationResult } from "./evaluation-result.js";

type Cell = string | number | null;

function makeTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell) => {
    const text = value === null ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

/** curve.csv: one row an observed time. */
export function writeCurve({ snn }: EvaluationResult): string {
  const head =
    "t,correct,n,accuracy,top5,loss,annOnly,snnOnly,lossLow95,lossHigh95,spikes,sopStructural,sopEffective,alphabet";
  const hasEvents = snn.at.some(({ events }) => events !== undefined);
  return makeTable(
    [...head.split(","), ...(hasEvents ? ["events", "sopEvents"] : [])],
    snn.at.map((at) => [
      at.t,
      at.correct,
      at.n,
      at.accuracy,
      at.top5,
      at.loss,
      at.annOnly,
      at.snnOnly,
      at.lossCi95?.[0] ?? null,
      at.lossCi95?.[1] ?? null,
      at.spikes,
      at.sopStructural,
      at.sopEffective,
      snn.alphabet,
      ...(hasEvents ? [at.events ?? null, at.sopEvents ?? null] : []),
    ]),
  );
}

/** layers.csv: one row a layer, in topological order. */
export function writeLayers({ layers, snn }: EvaluationResult): string {
  const head = [
    "name",
    "neurons",
    "spikes",
    "rate",
    "maxRate",
    "sopStructural",
    "sopEffective",
    "correlation",
    "meanAbsError",
    "saturated",
    "silent",
  ] as const;
  return makeTable(
    [...head, "alphabet"],
    layers.map((layer) => [...head.map((key) => layer[key]), snn.alphabet]),
  );
}

/** predictions.csv: index, label, ann, t8, t16, … and with early exit the last step; one row an image, each index once, in the order of images. */
export function writePredictions(rows: readonly PredictionRow[], at: readonly number[]): string {
  const hasExit = rows.some(({ exit }) => exit !== undefined);
  const head = ["index", "label", "ann", ...at.map((t) => `t${t}`), ...(hasExit ? ["exit"] : [])];
  return makeTable(
    head,
    rows.map(({ index, label, ann, at: classes, exit }) => [
      index,
      label,
      ann,
      ...classes,
      ...(hasExit ? [exit ?? null] : []),
    ]),
  );
}
