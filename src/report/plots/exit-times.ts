/**
 * When images stopped, with early exit.
 *
 * Knows: `earlyExit` of the results. May not know: how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { describeExit } from "../describe-exit.js";
import { formatCount, formatShare, formatSignificant } from "../format-number.js";
import { paint } from "../theme.js";
import { type Plot, type PlotTable, plotSize } from "./plot.js";

function shareRows({ earlyExit }: EvaluationResult) {
  const times = earlyExit?.times ?? [];
  const n = times.reduce((sum, { images }) => sum + images, 0);
  return times.map(({ t, threshold, images }) => ({ t, threshold, images, share: n > 0 ? images / n : 0 }));
}

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const rows = shareRows(results);
  if (rows.length === 0) return null;
  const values = rows.map(({ t, share }) => ({ t: formatCount(t), share: 100 * share }));
  return {
    ...plotSize,
    data: { values },
    mark: { type: "bar", fill: paint("s1") },
    encoding: {
      x: {
        field: "t",
        type: "ordinal",
        sort: null,
        title: "step at which images stop",
        axis: { labelAngle: 0, labelOverlap: true },
      },
      y: { field: "share", type: "quantitative", title: "images, %" },
    },
  };
}

function describe(results: EvaluationResult): string {
  if (results.earlyExit === undefined) return "Every image ran all 1 to T steps.";
  return describeExit(results.earlyExit, results.snn.T);
}

function tabulate(results: EvaluationResult): PlotTable {
  return {
    columns: ["step", "margin to exceed", "images", "%"],
    rows: shareRows(results).map(({ t, threshold, images, share }) => [
      formatCount(t),
      formatSignificant(threshold),
      formatCount(images),
      formatShare(share),
    ]),
  };
}

export const exitTimes: Plot = {
  id: "exit-times",
  title: "When images stop",
  key: "Bars: share of the images that stop at a step; the last one runs to T.",
  drawSpec,
  describe,
  tabulate,
};
