/**
 * Images a second against T, a line for each number of threads.
 *
 * Knows: points of a bench. May not know: how they were measured, how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { BenchResult } from "../../evaluation/bench-result.js";
import { finiteOrNull, formatCount, formatShare, formatSignificant } from "../format-number.js";
import { countAxis } from "../plots/count-axis.js";
import { type Plot, type PlotTable, plotSize } from "../plots/plot.js";
import { stepAxis } from "../plots/step-axis.js";
import { paint } from "../theme.js";

const strokes = [paint("s1"), paint("s2"), paint("s3"), paint("s4")];
const dashes = [
  [1, 0],
  [6, 4],
  [2, 3],
];

export function nameThreads(threads: number): string {
  return `${formatCount(threads)} thread${threads === 1 ? "" : "s"}`;
}

function drawSpec({ points }: BenchResult): TopLevelSpec | null {
  const rows = points.flatMap(({ T, threads, imagesPerSecond }) => {
    const count = finiteOrNull(imagesPerSecond);
    return count === null || count <= 0 ? [] : [{ t: T, threads, count }];
  });
  const numbers = [...new Set(rows.map(({ threads }) => threads))];
  const steps = [...new Set(rows.map(({ t }) => t))].sort((a, b) => a - b).map((t) => ({ t }));
  if (rows.length === 0) return null;
  const x = stepAxis(steps);
  const y = countAxis(
    "images a second",
    rows.map(({ count }) => count),
  );
  const layer = numbers.flatMap((threads, at) => {
    const values = rows.filter((row) => row.threads === threads);
    const stroke = strokes[at % strokes.length] as string;
    const strokeDash = dashes[Math.floor(at / strokes.length) % dashes.length] as number[];
    const label = { ...(values[0] as (typeof rows)[number]), label: nameThreads(threads) };
    const point = { fill: stroke, size: 42 };
    return [
      {
        data: { values },
        mark: { type: "line" as const, stroke, strokeWidth: 2.2, strokeDash, point },
        encoding: { x, y },
      },
      {
        data: { values: [label] },
        mark: { type: "text" as const, fill: stroke, align: "left" as const, dx: 6, dy: -9 },
        encoding: { x, y, text: { field: "label" } },
      },
    ];
  });
  return { ...plotSize, data: { values: rows }, layer };
}

function describe({ points }: BenchResult): string {
  const best = points.reduce<BenchResult["points"][number] | undefined>(
    (top, point) => (top === undefined || point.T > top.T || point.threads > top.threads ? point : top),
    undefined,
  );
  if (best === undefined) return "Nothing was measured.";
  return (
    `${formatSignificant(best.imagesPerSecond)} images a second at T = ${formatCount(best.T)} with ` +
    `${nameThreads(best.threads)}, ${formatSignificant(best.overDense)} times what the network would give if it ran in every step; ` +
    `mean rate ${formatShare(best.rate)} %.`
  );
}

function tabulate({ points }: BenchResult): PlotTable {
  return {
    columns: ["T", "threads", "images/s", "slowest", "fastest", "µs a step", "mean rate, %", "over dense"],
    rows: points.map((point) => [
      formatCount(point.T),
      formatCount(point.threads),
      formatSignificant(point.imagesPerSecond),
      formatSignificant(point.slowest),
      formatSignificant(point.fastest),
      formatSignificant(point.microsecondsAStep),
      formatShare(point.rate),
      formatSignificant(point.overDense),
    ]),
  };
}

export const imagesAgainstSteps: Plot<BenchResult> = {
  id: "images-against-steps",
  title: "Images a second over time steps",
  key: "A line for each number of threads. Median of the rounds; the table has the slowest and the fastest.",
  drawSpec,
  describe,
  tabulate,
};
