/** The contract's percentile: its error, and that neither order nor split changes a bit of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNormal, randomPermutation } from "../../core/counter-random.js";
import { ActivationHistogram, percentileFraction } from "./activation-histogram.js";

const seed = 20_260;
/** 10,000 values of which about half are 0, over many orders of magnitude. */
const values = Float32Array.from({ length: 10_000 }, (_, at) =>
  Math.max(0, randomNormal(seed, at) * 10 ** (3 * randomNormal(seed, at, 7))),
);

function fill(parts: readonly Float32Array[]): ActivationHistogram {
  const whole = new ActivationHistogram();
  for (const part of parts) {
    const histogram = new ActivationHistogram();
    histogram.add(part);
    whole.merge(histogram.toSparse());
  }
  return whole;
}

test("a percentile is sorted[⌊p·n⌋ − 1] within 0.1 %, zeros included; 0 and the maximum are exact", () => {
  const sorted = [...values].sort((a, b) => a - b);
  const histogram = fill([values]);
  for (const p of ["p0.001", "p10", "p50", "p60", "p90", "p99", "p99.9", "p99.99", "p100"]) {
    const { numerator, denominator } = percentileFraction(p);
    const index = Math.max(0, Math.floor((values.length * numerator) / denominator) - 1);
    const exact = sorted[index] as number;
    const found = histogram.percentile({ numerator, denominator });
    assert.ok(Math.abs(found - exact) <= 0.001 * exact, `${p}: ${found} for ${exact}`);
    if (exact === 0) assert.equal(found, 0);
  }
  assert.equal(histogram.percentile(percentileFraction("p100")), sorted[sorted.length - 1]);
  assert.equal(histogram.max, sorted[sorted.length - 1]);
  assert.equal(histogram.n, values.length);
});

test("⌊p·n⌋ is exact: p99.9 of 1000 values is the 999th, of 10 the 9th", () => {
  const ascending = (n: number) => Float32Array.from({ length: n }, (_, at) => 2 ** (at % 20) * (at + 1));
  const first = fill([Float32Array.from({ length: 1000 }, (_, at) => at + 1)]);
  assert.ok(Math.abs(first.percentile(percentileFraction("p99.9")) - 999) < 1);
  assert.ok(first.percentile(percentileFraction("p99.9")) < 999.99);
  const ten = fill([ascending(10)]);
  assert.ok(Math.abs(ten.percentile(percentileFraction("p99.9")) / (2 ** 8 * 9) - 1) <= 0.001);
});

test("any order and any split of the values gives the same percentiles to the bit", () => {
  const order = randomPermutation(values.length, seed);
  const shuffled = Float32Array.from(order, (at) => values[at] as number);
  const parts = [shuffled.slice(0, 17), shuffled.slice(17, 5000), shuffled.slice(5000)];
  const [whole, split] = [fill([values]), fill(parts.reverse())];
  assert.deepEqual(split.toSparse(), whole.toSparse());
  for (const p of ["p1", "p50", "p99.9"]) {
    assert.equal(split.percentile(percentileFraction(p)), whole.percentile(percentileFraction(p)));
  }
});

test("an empty histogram and one of zeros give 0; negative values count as 0", () => {
  assert.equal(new ActivationHistogram().percentile(percentileFraction("p99")), 0);
  const zeros = fill([new Float32Array(5), Float32Array.of(-3, -0)]);
  assert.equal(zeros.percentile(percentileFraction("p100")), 0);
  assert.equal(zeros.n, 7);
});

test("values that all reach the limit have a mean share of 1, whatever rounding does", () => {
  for (let n = 1; n < 400; n++) {
    const histogram = fill([new Float32Array(n).fill(4)]);
    for (const limit of [0.1, 0.3, 1.1, 2.7]) {
      const share = histogram.meanShare(limit);
      assert.ok(share <= 1 && share > 1 - 1e-12, `${n} values, limit ${limit}: ${share}`);
    }
  }
});
