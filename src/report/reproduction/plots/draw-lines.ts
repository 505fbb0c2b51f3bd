/**
 * Curves with 95 % intervals, a colour and a dash each: what all plots of a reproduction are drawn with.
 *
 * Knows: points by series. May not know: what they mean.
 */
import type { TopLevelSpec } from "vega-lite";
import { formatFixed } from "../../format-number.js";
import { type PlotTable, plotSize, specPart } from "../../plots/plot.js";
import { paint } from "../../theme.js";

export interface LinePoint {
  readonly series: string;
  readonly x: number;
  readonly y: number;
  /** The 95 % interval, where there is one. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface LineAxes {
  readonly x: string;
  readonly y: string;
  /** x grows by factors: time steps. */
  readonly isLog?: boolean;
}

const strokes = [paint("s1"), paint("s2"), paint("s3"), paint("s4")];
const dashes = [
  [1, 0],
  [6, 4],
  [2, 3],
];

/** Characters of a name that has room beside another one in the legend. */
const longestBeside = 24;
export const columnPadding = 18;

/** A line for each series, in the order of its first point; null where there are no points. */
export function drawLines(points: readonly LinePoint[], axes: LineAxes): TopLevelSpec | null {
  if (points.length === 0) return null;
  const names = [...new Set(points.map(({ series }) => series))];
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const x = makeAxis(axes, xs);
  const y = specPart({ type: "quantitative", title: axes.y, scale: { zero: false, nice: true } });
  const legend = {
    title: null,
    orient: "top",
    columns: names.some(({ length }) => length > longestBeside) ? 1 : 2,
    columnPadding,
    symbolType: "stroke",
    symbolStrokeWidth: 3,
  } as const;
  const range = names.map((_, at) => strokes[at % strokes.length] as string);
  const styles = names.map((_, at) => dashes[Math.floor(at / strokes.length) % dashes.length] as number[]);
  const color = { field: "series", type: "nominal", scale: { domain: names, range }, legend } as const;
  const strokeDash = {
    ...{ field: "series", type: "nominal", scale: { domain: names, range: styles } },
    ...(names.length > strokes.length ? { legend } : { legend: null }),
  } as const;
  const banded = points.filter(({ low, high }) => low !== null && high !== null);
  return {
    ...plotSize,
    data: { values: [...points] },
    layer: [
      {
        data: { values: banded },
        mark: { type: "rule", strokeWidth: 1.2, strokeOpacity: 0.7 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      },
      {
        mark: { type: "line", strokeWidth: 2.2 },
        encoding: { x, y: { ...y, field: "y" }, color, strokeDash },
      },
      { mark: { type: "point", filled: true, size: 42 }, encoding: { x, y: { ...y, field: "y" }, color } },
    ],
  } as TopLevelSpec;
}

function makeAxis({ x: title, isLog = false }: LineAxes, xs: readonly number[]) {
  const [low, high] = [xs[0] ?? 1, xs.at(-1) ?? 1];
  const scale = isLog
    ? ({ type: "log", base: 2, domain: [low / 1.15, high * 1.15], nice: false } as const)
    : ({ type: "linear", domain: [low - 4, high + 4], nice: false, zero: false } as const);
  const axis = { values: [...xs], labelExpr: "format(datum.value, 'd')", grid: false };
  return specPart({ field: "x", type: "quantitative", title, scale, axis });
}

/** The same points as a table. */
export function tabulateLines(points: readonly LinePoint[], axes: LineAxes): PlotTable {
  return {
    columns: [axes.isLog === true ? "T" : axes.x, "", axes.y, "95 % interval"],
    rows: points.map(({ series, x, y, low, high }) => [
      ...[String(x), series, formatFixed(y)],
      low === null || high === null ? "–" : `${formatFixed(low)} to ${formatFixed(high)}`,
    ]),
  };
}
