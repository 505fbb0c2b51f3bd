/**
 * What scripts/counters wrote of one network.
 *
 * Knows: counts.json and predictions.csv of those scripts. May not know: networks, presets.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hashBytes } from "#src/core/sha256.js";
import type { EvaluationResult } from "#src/evaluation/evaluation-result.js";

export type CountedTime = Pick<
  EvaluationResult["snn"]["at"][number],
  "t" | "top5" | "spikes" | "sopStructural" | "sopEffective" | "events" | "sopEvents"
>;

export interface Counted {
  readonly n: number;
  readonly at: readonly CountedTime[];
  /** Path of predictions.csv. */
  readonly predictions: string;
}

interface CountsFile {
  /** What was counted: of a file with this hash the first n test images at these times. */
  readonly of: { readonly sha256: string; readonly n: number; readonly times: readonly number[] };
  readonly at: readonly CountedTime[];
}

/**
 * Undefined where the folder holds nothing finished.
 *
 * @param snn bytes of the file that was to be counted; @param at ascending
 * @throws RangeError where it is of another file or other times
 */
export function readCounted(folder: string, snn: Uint8Array, at: readonly number[]): Counted | undefined {
  const whole = join(folder, "counts.json");
  if (!existsSync(whole)) return undefined;
  const counted = JSON.parse(readFileSync(whole, "utf8")) as CountsFile;
  const { sha256, n, times } = counted.of;
  if (sha256 !== hashBytes(snn)) throw new RangeError(`${whole} is of another SNN: count it again`);
  if (times.join() !== at.join())
    throw new RangeError(`${whole} is of t = ${times.join()}, wanted ${at.join()}`);
  return { n, at: counted.at, predictions: join(folder, "predictions.csv") };
}
