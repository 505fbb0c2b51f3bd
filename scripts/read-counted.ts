/**
 * What scripts/gpu/count_on_gpu.py wrote of one network.
 *
 * Knows: counts.json and predictions.csv of that script. May not know: networks, presets.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EvaluationResult } from "#src/evaluation/evaluation-result.js";

type CountedTime = Pick<
  EvaluationResult["snn"]["at"][number],
  "t" | "top5" | "spikes" | "sopStructural" | "sopEffective" | "events" | "sopEvents"
>;

export interface Counted {
  readonly n: number;
  readonly at: readonly CountedTime[];
  /** Path of predictions.csv. */
  readonly predictions: string;
}

/**
 * Undefined where the folder holds nothing finished.
 *
 * @throws RangeError where it was counted at other times than `at`
 */
export function readCounted(folder: string, at: readonly number[]): Counted | undefined {
  const whole = join(folder, "counts.json");
  if (!existsSync(whole)) return undefined;
  const counted = JSON.parse(readFileSync(whole, "utf8")) as Pick<Counted, "n" | "at">;
  const times = counted.at.map(({ t }) => t).join();
  if (times !== at.join()) throw new RangeError(`${whole} is of t = ${times}, wanted ${at.join()}`);
  return { ...counted, predictions: join(folder, "predictions.csv") };
}
