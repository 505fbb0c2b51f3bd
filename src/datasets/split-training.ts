/**
 * The parts of a training split: images that calibrate, images that judge.
 *
 * Knows: counts and a seed. May not know: pixels, labels, models.
 *
 * The last images in file order judge every choice; the calibration images are drawn from the
 * rest; the test images take part in neither.
 */
import { randomPermutation } from "../core/counter-random.js";
import { refuseUsage } from "../core/respike-error.js";

/** Images in the judging part: 5,000, or the last tenth (rounded down) of fewer than 50,000. */
export function countJudging(trainCount: number): number {
  return trainCount >= 50_000 ? 5000 : Math.floor(trainCount / 10);
}

/** Indices of the images that judge choices: the last {@link countJudging} in file order, ascending. */
export function selectJudging(trainCount: number): Uint32Array {
  const n = countJudging(trainCount);
  return Uint32Array.from({ length: n }, (_, at) => trainCount - n + at);
}

/**
 * Indices of the calibration images: as a set, the first `n` of a permutation of the training
 * split less its judging part, sorted ascending; the same for the same seed everywhere.
 *
 * @param n how many, or `all` of that part (the seed then decides nothing)
 * @throws RespikeError (exit 2) where there are fewer than `n`, or `n` is no positive integer
 */
export function selectCalibration(trainCount: number, n: number | "all", seed: number): Uint32Array {
  const available = trainCount - countJudging(trainCount);
  if (n === "all") return Uint32Array.from({ length: available }, (_, at) => at);
  if (!Number.isInteger(n) || n < 1 || n > available) {
    throw refuseUsage({
      code: "calibration-count",
      where: "--calibrate-n",
      rule: `1…${available} images, or all: the training split of ${trainCount} less ${countJudging(trainCount)} that judge`,
      value: String(n),
      next: `give a number up to ${available}, or all`,
    });
  }
  return randomPermutation(available, seed).slice(0, n).sort();
}
