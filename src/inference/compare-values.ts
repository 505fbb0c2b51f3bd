/**
 * How far two networks' answers lie apart: the proof that a pass kept the function.
 *
 * Knows: numbers. May not know: graphs, passes.
 */

export interface OutputComparison {
  readonly images: number;
  /** Largest |after − before|, in units of the outputs; Infinity where a value is not finite. */
  readonly maxAbsDiff: number;
  /** maxAbsDiff / largestOutput; 0 where both are 0. */
  readonly maxRelDiff: number;
  /** Largest |before|. */
  readonly largestOutput: number;
  /** Outputs of either graph that are NaN or infinite; 0 in every sound network. */
  readonly notFinite: number;
}

/** Compares two arrays of one length. @throws RangeError where lengths differ */
export function compareValues(before: Float32Array, after: Float32Array, images: number): OutputComparison {
  if (before.length !== after.length) {
    throw new RangeError(`outputs of ${before.length} and ${after.length} values cannot be compared`);
  }
  let maxAbsDiff = 0;
  let largestOutput = 0;
  let notFinite = 0;
  before.forEach((value, at) => {
    const difference = Math.abs((after[at] as number) - value);
    if (!Number.isFinite(value)) notFinite++;
    if (!Number.isFinite(after[at])) notFinite++;
    maxAbsDiff = Math.max(maxAbsDiff, Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY);
    if (Number.isFinite(value)) largestOutput = Math.max(largestOutput, Math.abs(value));
  });
  const maxRelDiff = maxAbsDiff === 0 ? 0 : maxAbsDiff / largestOutput;
  return { images, maxAbsDiff, maxRelDiff, largestOutput, notFinite };
}
