/**
 * A plot of curves from the points that an experiment gives.
 *
 * Knows: the shape of a plot. May not know: experiments.
 */
import { formatFixed } from "../../format-number.js";
import type { Plot } from "../../plots/plot.js";
import type { ExperimentResult } from "../reproduction-result.js";
import { drawLines, type LineAxes, type LinePoint, tabulateLines } from "./draw-lines.js";

export function defineLinePlot(
  facts: Pick<Plot<ExperimentResult>, "id" | "title" | "key">,
  axes: LineAxes,
  listPoints: (result: ExperimentResult) => readonly LinePoint[],
): Plot<ExperimentResult> {
  return {
    ...facts,
    drawSpec: (result) => drawLines(listPoints(result), axes),
    describe: (result) => describeEnds(listPoints(result)),
    tabulate: (result) => tabulateLines(listPoints(result), axes),
  };
}

/** `default: 0.13 at 20 to 0.65 at 110; …` */
function describeEnds(points: readonly LinePoint[]): string {
  if (points.length === 0) return "Nothing was measured.";
  const names = [...new Set(points.map(({ series }) => series))];
  const parts = names.map((name) => {
    const own = points.filter(({ series }) => series === name).sort((a, b) => a.x - b.x);
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) return name;
    const end = first === last ? "" : ` to ${formatFixed(last.y)} at ${last.x}`;
    return `${name}: ${formatFixed(first.y)} at ${first.x}${end}`;
  });
  return `${parts.join("; ")}.`;
}
