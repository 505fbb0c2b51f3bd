/**
 * Table 1's losses by method of conversion, a row of points a network.
 *
 * Knows: rows with T = 350. May not know: recipes.
 */
import type { TopLevelSpec } from "vega-lite";
import { formatFixed, formatInterval } from "../../format-number.js";
import { type Plot, plotSize } from "../../plots/plot.js";
import { paint } from "../../theme.js";
import type { ExperimentResult } from "../reproduction-result.js";
import { columnPadding } from "./draw-lines.js";

interface MethodPoint {
  readonly network: string;
  readonly method: string;
  readonly loss: number;
  readonly low: number | null;
  readonly high: number | null;
}

function listPoints({ rows }: ExperimentResult): MethodPoint[] {
  return rows.flatMap(({ name, data, recipe, part, published, measured, isNetworkAlone }) => {
    if (part === "Beyond: few steps" || isNetworkAlone) return [];
    const network = `${data} ${name}`;
    const quoted =
      published?.loss === undefined
        ? []
        : [{ network, method: "published", loss: published.loss, low: null, high: null }];
    if (measured === null) return quoted;
    const { loss, lossCi95 } = measured;
    return [...quoted, { network, method: recipe, loss, low: lossCi95[0], high: lossCi95[1] }];
  });
}

const shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke"];
const strokes = [paint("s1"), paint("s2"), paint("s3"), paint("s4"), paint("ink")];

function drawSpec(result: ExperimentResult): TopLevelSpec | null {
  const points = listPoints(result);
  if (points.length === 0) return null;
  const methods = [...new Set(points.map(({ method }) => method))];
  const of = (list: readonly string[]) => methods.map((_, at) => list[at % list.length] as string);
  const legend = { title: null, orient: "top", columns: 3, columnPadding } as const;
  const domain = [...methods];
  const color = { field: "method", type: "nominal", scale: { domain, range: of(strokes) }, legend } as const;
  const shape = { field: "method", type: "nominal", scale: { domain, range: of(shapes) }, legend } as const;
  const y = { field: "network", type: "nominal", title: null } as const;
  const yOffset = { field: "method", type: "nominal", scale: { domain } } as const;
  const x = { type: "quantitative", title: "loss, points" } as const;
  return {
    ...plotSize,
    data: { values: points },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 1.2 },
        encoding: { y, yOffset, x: { ...x, field: "low" }, x2: { field: "high" }, color },
      },
      {
        mark: { type: "point", filled: true, size: 55 },
        encoding: { y, yOffset, x: { ...x, field: "loss" }, color, shape },
      },
    ],
  } as unknown as TopLevelSpec;
}

export const lossByMethod: Plot<ExperimentResult> = {
  id: "table1-loss-by-method",
  title: "Loss by method of conversion, T = 350",
  key: "Bars: paired 95 % interval against the network on the same images; published: other weights.",
  drawSpec,
  describe(result) {
    const points = listPoints(result).filter(({ method }) => method !== "published");
    if (points.length === 0) return "Nothing was measured.";
    const least = points.reduce((best, point) => (point.loss < best.loss ? point : best));
    const most = points.reduce((worst, point) => (point.loss > worst.loss ? point : worst));
    const name = ({ network, method, loss }: MethodPoint) =>
      `${formatFixed(loss)} points (${network}, ${method})`;
    return `From ${name(least)} to ${name(most)}.`;
  },
  tabulate: (result) => ({
    columns: ["network", "method", "loss, points", "95 % interval"],
    rows: listPoints(result).map(({ network, method, loss, low, high }) => [
      ...[network, method, formatFixed(loss)],
      low === null || high === null ? "–" : formatInterval([low, high]),
    ]),
  }),
};
