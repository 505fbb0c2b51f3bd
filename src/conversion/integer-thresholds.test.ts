/** The largest scale that fits is the one that plain halving finds, whatever is guessed on the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomUnit } from "../core/counter-random.js";
import { type ChannelWeights, integerLimits, type Limits, largestThreshold } from "./integer-thresholds.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 61_000);
const none = new Float64Array(0);

/** Σ⁺, −Σ⁻ and the largest |weight| at scale k, written out weight by weight. */
function isWithin(
  groups: readonly ChannelWeights[],
  current: Float64Array,
  k: number,
  limit: number,
): boolean {
  const scaled = Array.from(current, (value) => Math.round(k * value));
  let highest = Math.max(0, ...scaled);
  let lowest = Math.min(0, ...scaled);
  let largest = 0;
  for (const { weights, largestPixel, spikes } of groups) {
    let image = 0;
    for (const weight of weights) {
      const w = Math.round(k * weight);
      largest = Math.max(largest, Math.abs(w));
      image += Math.abs(w);
      if (largestPixel !== null) continue;
      highest += Math.max(w * spikes.hi, w * spikes.lo, 0);
      lowest += Math.min(w * spikes.hi, w * spikes.lo, 0);
    }
    if (largestPixel === null) continue;
    const most = Math.ceil(image * (Math.ceil(largestPixel * 65_536 + 0.5) / 65_536));
    highest += most;
    lowest -= most;
  }
  return Math.max(highest, -lowest, largest) <= limit;
}

function halve(groups: readonly ChannelWeights[], current: Float64Array, { step, constant, theta }: Limits) {
  const once = groups.filter(({ largestPixel }) => largestPixel !== null);
  const each = groups.filter(({ largestPixel }) => largestPixel === null);
  const weights = once.flatMap((group) => [...group.weights]);
  const fit = (k: number) =>
    constant === null
      ? isWithin(groups, current, k, step)
      : isWithin(once, current, k, constant) &&
        isWithin(each, none, k, step) &&
        weights.every((weight) => Math.round(k * Math.abs(weight)) <= step);
  let [fits, tooLarge] = [0, theta + 1];
  while (tooLarge - fits > 1) {
    const k = (fits + tooLarge) >> 1;
    if (fit(k)) fits = k;
    else tooLarge = k;
  }
  return fits;
}

test(`scales equal those of plain halving: weights of all sizes, images, signs, both ways of the constant current (seed ${seed})`, () => {
  const found = new Set<string>();
  for (let round = 0; round < 600; round++) {
    let at = 0;
    const unit = () => randomUnit(seed, round, at++);
    const below = (n: number) => Math.floor(unit() * n);
    const draw = (n: number, size: number) =>
      Float64Array.from({ length: n }, () => (unit() < 0.1 ? 0 : (unit() * 2 - 1) * size));
    const sizeOf = () => 10 ** (unit() * 10 - 6);
    const groups = Array.from({ length: below(4) }, (): ChannelWeights => {
      const [hi, lo] = [1 + below(15), unit() < 0.5 ? 0 : -below(16)];
      const largestPixel = unit() < 0.3 ? Math.max(unit() * 3, hi, -lo) : null;
      return { weights: draw(1 + below(40), sizeOf()), largestPixel, spikes: { lo, hi } };
    });
    const current = draw(below(3), sizeOf());
    const step = integerLimits[unit() < 0.5 ? "int16" : "int32"];
    const refined = { step, constant: integerLimits.int32, theta: Math.min(step, 1 + below(step)) };
    const limits = unit() < 0.5 ? refined : { step, constant: null, theta: step };
    const threshold = largestThreshold(groups, current, limits);
    assert.equal(threshold, halve(groups, current, limits), `round ${round}`);
    found.add(threshold === 0 ? "none" : threshold === limits.theta ? "all" : "between");
  }
  assert.deepEqual([...found].sort(), ["all", "between", "none"]);
});
