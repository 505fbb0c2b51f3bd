/**
 * Loss against the network in points over time steps, with the paired 95 % interval.
 *
 * Knows: `snn.at` of the results. May not know: how it is rendered.
 * 0 is on top (equal to the network); the scale is symmetric-logarithmic unless all losses are small.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluatedStep, EvaluationResult } from "../../evaluation/evaluation-result.js";
import { finiteOrNull, formatCount, formatFixed, formatInterval } from "../format-number.js";
import { paint } from "../theme.js";
import { type Plot, type PlotTable, plotSize } from "./plot.js";
import { drawnSteps, stepAxis } from "./step-axis.js";

const constant = 0.5;
/** In the order in which they get their place. */
const tickCandidates = [0, 1, 10, 100, 0.2, 5, 50, 2, 20, 0.5, -1, -10, -0.5, -0.2, -2, -5, -20, -50, -100];

interface LossRow {
  readonly t: number;
  readonly loss: number;
  readonly low: number | null;
  readonly high: number | null;
}

function lossRows(steps: readonly EvaluatedStep[]): LossRow[] {
  return steps.flatMap((step) => {
    const loss = finiteOrNull(step.loss);
    if (loss === null) return [];
    const low = finiteOrNull(step.lossCi95?.[0]);
    const high = finiteOrNull(step.lossCi95?.[1]);
    return [{ t: step.t, loss, low, high }];
  });
}

function lossDomain(rows: readonly LossRow[]): [number, number] {
  const all = rows.flatMap((row) => [row.loss, row.low ?? row.loss, row.high ?? row.loss]);
  const low = Math.max(-100, Math.min(-0.05, ...all));
  const high = Math.min(100, Math.max(0.5, ...all));
  return [low, high];
}

function lossScale(rows: readonly LossRow[]) {
  const domain = lossDomain(rows);
  const isSmall = domain[1] - domain[0] <= 2;
  const place = (x: number) => (isSmall ? x : Math.sign(x) * Math.log1p(Math.abs(x) / constant));
  const span = place(domain[1]) - place(domain[0]);
  const values: number[] = [];
  for (const tick of tickCandidates) {
    const isInside = tick >= domain[0] && tick <= domain[1];
    const hasRoom = values.every((other) => Math.abs(place(other) - place(tick)) >= 0.065 * span);
    if (isInside && hasRoom) values.push(tick);
  }
  const scale = isSmall
    ? ({ type: "linear", domain, nice: false, zero: false, reverse: true } as const)
    : ({ type: "symlog", constant, domain, nice: false, reverse: true } as const);
  return { scale, values };
}

function drawSpec(results: EvaluationResult): TopLevelSpec | null {
  const steps = drawnSteps(results);
  const rows = lossRows(steps);
  if (rows.length === 0) return null;
  const { scale, values } = lossScale(rows);
  const x = stepAxis(steps);
  const axis = { values, labelOverlap: false, labelExpr: "replace(format(datum.value, '~g'), '-', '−')" };
  const y = { field: "loss", type: "quantitative", title: "loss, points (0 on top)", scale, axis } as const;
  const banded = rows.filter((row) => row.low !== null && row.high !== null);
  return {
    ...plotSize,
    data: { values: rows },
    layer: [
      {
        data: { values: [{ loss: 0 }] },
        mark: { type: "rule", stroke: paint("ink"), strokeWidth: 1.2, strokeDash: [6, 4] },
        encoding: { y },
      },
      {
        data: { values: banded },
        mark: { type: "area", color: paint("s1"), fillOpacity: 0.18 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        data: { values: banded },
        mark: { type: "rule", stroke: paint("s1"), strokeOpacity: 0.7, strokeWidth: 1 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        mark: { type: "line", stroke: paint("s1"), strokeWidth: 2.2, point: { fill: paint("s1"), size: 42 } },
        encoding: { x, y },
      },
    ],
  };
}

function describe(results: EvaluationResult): string {
  const rows = lossRows(drawnSteps(results));
  const first = rows[0];
  const last = rows.at(-1);
  const n = formatCount(results.data.n);
  if (!first || !last) return "No loss is known: the network was not evaluated on these images.";
  const end = `${formatFixed(last.loss)} points at T = ${last.t}`;
  if (first === last) return `The loss is ${end}, on ${n} images.`;
  const verb = last.loss < first.loss ? "falls" : last.loss > first.loss ? "rises" : "stays";
  return `The loss ${verb} from ${formatFixed(first.loss)} points at T = ${first.t} to ${end}, on ${n} images.`;
}

function tabulate(results: EvaluationResult): PlotTable {
  return {
    columns: ["T", "loss, points", "95 % interval", "only network right", "only SNN right"],
    rows: results.snn.at.map((step) => [
      formatCount(step.t),
      formatFixed(step.loss),
      formatInterval(step.lossCi95),
      formatCount(step.annOnly),
      formatCount(step.snnOnly),
    ]),
  };
}

export const lossAgainstSteps: Plot = {
  id: "loss-against-steps",
  title: "Loss against the network over time steps",
  key: "Line: network accuracy − SNN accuracy, in points. Band: paired 95 % interval (same images). Dashed: the network.",
  drawSpec,
  describe,
  tabulate,
};
