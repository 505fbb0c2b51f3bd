/**
 * Early exit: whether an image is decided before T.
 *
 * Knows: margins and thresholds, shared by all backends. May not know: how thresholds were fitted, labels.
 */
import type { ExitRequest } from "./backend.js";

/** Largest output less the second largest, 0 or more; Infinity where there is one class alone. */
export function readMargin(outputs: ArrayLike<number>): number {
  let [first, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < outputs.length; k++) {
    const value = outputs[k] as number;
    if (value > first) [first, second] = [value, first];
    else if (value > second) second = value;
  }
  return first - second;
}

/** Whether outputs at time `times[at]` end the image's simulation: margin > τ. */
export function isDecided({ thresholds }: ExitRequest, at: number, outputs: ArrayLike<number>): boolean {
  return readMargin(outputs) > (thresholds[at] as number);
}
