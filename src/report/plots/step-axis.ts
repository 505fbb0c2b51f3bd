/**
 * The axis of time steps that all plots "against T" share, and the steps they draw.
 *
 * Knows: T and the log scale. May not know: what is drawn against it.
 */
import type { EvaluatedStep, EvaluationResult } from "../../evaluation/evaluation-result.js";
import { specPart } from "./plot.js";

const mostDrawn = 48;
const smallestGap = 0.055;

/** The steps a curve draws: all, or 48 spread evenly over log t, the first and last among them. */
export function drawnSteps(results: EvaluationResult): readonly EvaluatedStep[] {
  const steps = results.snn.at.filter((step) => Number.isFinite(step.t) && step.t > 0);
  const sorted = [...steps].sort((a, b) => a.t - b.t);
  if (sorted.length <= mostDrawn) return sorted;
  const kept = new Set(pickSpread(sorted.map((step) => step.t)));
  return sorted.filter((step) => kept.has(step.t));
}

function pickSpread(times: readonly number[]): number[] {
  const first = Math.log(times[0] ?? 1);
  const last = Math.log(times.at(-1) ?? 1);
  return Array.from({ length: mostDrawn }, (_, i) => {
    const wanted = Math.exp(first + ((last - first) * i) / (mostDrawn - 1));
    return times.reduce((best, t) => (Math.abs(t - wanted) < Math.abs(best - wanted) ? t : best));
  });
}

/** Labelled steps, from the last to the first, wherever there is room. */
function chooseTicks(times: readonly number[], span: number): number[] {
  const ticks: number[] = [];
  for (const t of [...times].reverse()) {
    const next = ticks.at(-1);
    if (next === undefined || Math.log(next / t) >= smallestGap * span) ticks.push(t);
  }
  return ticks.reverse();
}

/** x encoding of the field `t`: logarithmic, labelled with the evaluated steps themselves. */
export function stepAxis(steps: readonly Pick<EvaluatedStep, "t">[]) {
  const times = steps.map((step) => step.t);
  const first = times[0] ?? 1;
  const last = times.at(-1) ?? 1;
  const [low, high] = first < last ? [first, last] : [first / 2, last * 2];
  const values = chooseTicks(times, Math.log(high / low));
  return specPart({
    field: "t",
    type: "quantitative",
    title: "time steps T (log)",
    scale: { type: "log", base: 2, domain: [low, high], nice: false },
    axis: {
      values,
      labelExpr: "format(datum.value, 'd')",
      grid: false,
      labelOverlap: false,
    },
  });
}
