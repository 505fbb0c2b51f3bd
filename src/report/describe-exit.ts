/**
 * What early exit did, in sentences.
 *
 * Knows: `earlyExit` of the results. May not know: plots, HTML, streams.
 */
import type { EarlyExitResult } from "../evaluation/evaluation-result.js";
import { formatCount, formatFixed, formatRatio, formatShare, formatShort } from "./format-number.js";

/** "Images stop at step 32.1 of 350 on average; 3.5 % of the decisions differ …". */
export function describeExit(exit: EarlyExitResult, T: number): string {
  const { promisedShare, measuredShare, measuredCi95, measuredOn, meanT } = exit;
  const promise = `at most ${formatShare(promisedShare)} % were promised`;
  const interval = measuredCi95?.map(formatShare).join(", ");
  const measured =
    measuredShare === null
      ? `${promise}, none of these images was run to T`
      : `${formatShare(measuredShare)} % [${interval}] of the decisions differ from those at T on ${formatCount(measuredOn)} images, ${promise}`;
  return `Images stop at step ${formatFixed(meanT, 1)} of ${formatCount(T)} on average; ${measured}.`;
}

/** What was saved, against the images that were run to T. */
export function describeSavings(exit: EarlyExitResult): string | null {
  const { full, spikes, sopEffective, accuracy } = exit;
  if (full === null) return null;
  const operations = `${formatShort(sopEffective)} operations an image instead of ${formatShort(full.sopEffective)} (${formatRatio(sopEffective, full.sopEffective)})`;
  const sent = `${formatShort(spikes)} spikes instead of ${formatShort(full.spikes)}`;
  return `${operations}, ${sent}; ${formatFixed(accuracy)} % right, ${formatFixed(full.accuracy)} % of the ${formatCount(full.n)} images that were run to T.`;
}

/** What the promise rests on. */
export function explainPromise({ fittedOn, tested, confidence }: EarlyExitResult): string {
  const proof = `of ${formatCount(tested.n)} that tested the thresholds ${formatCount(tested.differing)} differed, which at ${formatShare(confidence)} % proves a share of at most ${formatShare(tested.upperShare)} %`;
  return `Fitted on ${formatCount(fittedOn.n)} held-back ${fittedOn.data} training images: ${proof} for images of their kind.`;
}
