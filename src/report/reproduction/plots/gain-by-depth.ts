/**
 * What shortcut normalisation gains, by depth: published and measured.
 *
 * Knows: Table 2's claims by their ids. May not know: how they were judged.
 */
import type { ExperimentResult } from "../reproduction-result.js";
import { defineLinePlot } from "./define-line-plot.js";
import type { LinePoint } from "./draw-lines.js";

const byPreset = "99.9th percentile of 2,000 images and V(0) = θ/2";

function listPoints({ claims }: ExperimentResult): LinePoint[] {
  const gains = claims.flatMap((claim) => {
    const depth = /^resnet(\d+)-gain$/.exec(claim.id)?.[1];
    return depth === undefined ? [] : [{ x: Number(depth), claim }];
  });
  const point = (series: string, x: number, y: number, ci: readonly [number, number] | null): LinePoint => ({
    ...{ series, x, y, low: ci?.[0] ?? null, high: ci?.[1] ?? null },
  });
  const published = gains.map(({ x, claim }) => point("published", x, claim.published ?? 0, null));
  const measured = gains.flatMap(({ x, claim }) =>
    claim.measured === null ? [] : [point("measured, the article's recipe", x, claim.measured, claim.ci95)],
  );
  const others = (difference: string, series: string) =>
    gains.flatMap(({ x, claim }) => {
      const found = claim.explanations.find((each) => each.difference === difference);
      return found === undefined || found.measured === null
        ? []
        : [point(series, x, found.measured, found.ci95)];
    });
  return [
    ...published,
    ...measured,
    ...others("no compensation", "measured, without compensation"),
    ...others(byPreset, "measured, preset default"),
  ];
}

export const gainByDepth = defineLinePlot(
  {
    id: "table2-gain-by-depth",
    title: "What shortcut normalisation gains",
    key: "Points that are lost more without it. Bars: paired 95 % interval, both spiking networks on the same images.",
  },
  { x: "depth", y: "gain, points" },
  listPoints,
);
