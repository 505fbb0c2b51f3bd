/**
 * What came out, in sentences: the first thing a report and a terminal say.
 *
 * Knows: the results. May not know: HTML, plots.
 */
import type { EvaluatedStep, EvaluationResult } from "../evaluation/evaluation-result.js";
import { describeEarlyRead } from "../graph/made-for-steps.js";
import { cleanText } from "./clean-text.js";
import { formatCount, formatFixed } from "./format-number.js";
import { nameNetwork } from "./name-spikes.js";

/** Losses, in points, that "stays within" is told for. */
export const lossLimits = [1, 0.2] as const;

/** The last evaluated step, the one the SNN is judged by. */
export function lastStep(results: EvaluationResult): EvaluatedStep | null {
  return results.snn.at.reduce<EvaluatedStep | null>(
    (last, step) => (last === null || step.t >= last.t ? step : last),
    null,
  );
}

/**
 * First evaluated t from which the loss stays at or under `limit` points to the end;
 * null where it does not, or where no loss is known.
 */
export function findSettledStep(results: EvaluationResult, limit: number): number | null {
  const steps = [...results.snn.at].sort((a, b) => a.t - b.t);
  let settled: number | null = null;
  for (const { t, loss } of steps) {
    if (loss === null || !Number.isFinite(loss)) return null;
    if (loss > limit) settled = null;
    else settled ??= t;
  }
  return settled;
}

function describeLoss(step: EvaluatedStep): string {
  const loss = step.loss ?? 0;
  const text = formatFixed(Math.abs(loss));
  const change = text === "0.00" ? "loses 0.00 points" : `${loss < 0 ? "gains" : "loses"} ${text} points`;
  const ci = step.lossCi95;
  const sign = loss < 0 && text !== "0.00" ? -1 : 1;
  const ends = ci ? [ci[0] * sign, ci[1] * sign].sort((a, b) => a - b) : null;
  const interval = ends ? ` [${formatFixed(ends[0])}, ${formatFixed(ends[1])}]` : "";
  return `${change} at T = ${formatCount(step.t)}${interval}`;
}

function nameUnit(limit: number): string {
  return limit === 1 ? " point" : " points";
}

function describeLimits(results: EvaluationResult): string {
  const found = lossLimits.map((limit) => ({ limit, t: findSettledStep(results, limit) }));
  const reached = found.filter((entry) => entry.t !== null);
  const parts = reached.map(
    ({ limit, t }, at) => `within ${limit}${at === 0 ? nameUnit(limit) : ""} from T = ${formatCount(t)} on`,
  );
  const [loosest] = lossLimits;
  return parts.length > 0 ? parts.join(", ") : `not within ${loosest} point at its last step`;
}

/** "10,000 cifar10 test images". */
export function describeImages(results: EvaluationResult): string {
  const { n, name, split } = results.data;
  return `${formatCount(n)} ${cleanText(name)} ${cleanText(split)} images`;
}

/**
 * The verdict in one sentence, with the 95 % interval of the loss in brackets.
 *
 * @example
 * "The spiking network loses 0.12 points at T = 64 [−0.05, 0.29]; within 1 point from T = 32 on,
 *  within 0.2 from T = 64 on; 10,000 cifar10 test images."
 */
export function describeVerdict(results: EvaluationResult): string {
  const last = lastStep(results);
  const images = describeImages(results);
  const partly = results.complete ? "" : " (not complete)";
  const network = `The ${nameNetwork(results)}`;
  if (!last) return `No step was evaluated; ${images}${partly}.`;
  if (last.loss === null || !Number.isFinite(last.loss)) {
    const accuracy = `has ${formatFixed(last.accuracy)} % at T = ${formatCount(last.t)}`;
    return `${network} ${accuracy}; the network it came from was not evaluated, so no loss is known; ${images}${partly}.`;
  }
  // Before the T it was made for, an SNN is on its way: from where on it keeps within a loss says nothing.
  const limits = results.snn.madeForT == null ? `; ${describeLimits(results)}` : "";
  return `${network} ${describeLoss(last)}${limits}; ${images}${partly}.`;
}

/** What rows of other T are, of an SNN that was made for one; null where any T fits, or there are none. */
export function describeOtherSteps({ snn, options }: EvaluationResult): string | null {
  const { madeForT = null, at } = snn;
  if (madeForT === null || at.every(({ t }) => t === madeForT)) return null;
  const delay = typeof options.delay === "number" ? options.delay : 0;
  const early = at.some(({ t }) => t <= delay);
  const read = early ? ` (${describeEarlyRead(delay)})` : "";
  const made = `Made for T = ${formatCount(madeForT)}`;
  const own = at.some(({ t }) => t === madeForT)
    ? `${made}: the other rows`
    : `${made}, which no row is of: they`;
  return `${own} show how it gets there${read}; for another T convert again with -T.`;
}

/** How to read the verdict's numbers: accuracies behind the loss, and what brackets and T stand for. */
export function explainVerdict(results: EvaluationResult): string {
  const last = lastStep(results);
  if (!last || !results.ann || last.loss === null)
    return "Steps are those evaluated; no others were looked at.";
  const others = describeOtherSteps(results);
  const steps = results.snn.madeForT == null ? "; “from T on” counts the evaluated steps only." : ".";
  return (
    `${formatFixed(last.accuracy)} % against the network's ${formatFixed(results.ann.accuracy)} %. ` +
    `In brackets the paired 95 % interval, in points${steps}${others === null ? "" : ` ${others}`}`
  );
}
