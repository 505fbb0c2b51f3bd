/** λ by least squared error and by threshold balancing, against the formulas on the values themselves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ActivationHistogram } from "./activation-histogram.js";
import { chooseThreshold, readRule } from "./threshold-rules.js";

/** Values that do not move when they are rounded to their bin's middle: the middles themselves. */
function sample(n: number): { readonly values: readonly number[]; readonly histogram: ActivationHistogram } {
  const histogram = new ActivationHistogram();
  const raw = Float32Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 0 : ((i * 7919) % 1000) ** 2 / 5e5));
  histogram.add(raw);
  const { values, counts } = histogram.weighted();
  const middles = [...values].flatMap((value, at) =>
    Array.from({ length: counts[at] as number }, () => value),
  );
  return { values: [...middles, ...new Array(n - middles.length).fill(0)], histogram };
}

test("mmse is the θ of 46 with the least squared error of T steps, for T = 1, 4 and 32 and spikes up to 1 and 3", () => {
  const { values, histogram } = sample(3000);
  for (const [T, largest] of [
    [1, 1],
    [4, 1],
    [32, 1],
    [4, 3],
  ] as const) {
    const grid = Array.from({ length: 46 }, (_, k) => histogram.max * (0.1 + (0.9 * k) / 45));
    const errors = grid.map((theta) =>
      values.reduce((sum, a) => {
        const told = (theta / T) * Math.min(largest * T, Math.max(0, Math.floor((a * T) / theta + 0.5)));
        return sum + (a - told) ** 2;
      }, 0),
    );
    const found = chooseThreshold(histogram, readRule("mmse", T, largest));
    const best = errors.indexOf(Math.min(...errors));
    assert.ok(Math.abs(found - (grid[best] as number)) < 1e-9, `T = ${T}: ${found}, not ${grid[best]}`);
  }
});

test("the more steps, the larger the θ of least error: 1, 4, 64", () => {
  const { histogram } = sample(3000);
  const thetas = [1, 4, 64].map((T) => chooseThreshold(histogram, readRule("mmse", T, 1)));
  assert.ok(
    (thetas[0] as number) < (thetas[1] as number) && (thetas[1] as number) < (thetas[2] as number),
    `${thetas}`,
  );
});

test("ltb adds twice the mean excess 400 times, to 1e-9", () => {
  const { values, histogram } = sample(3000);
  let theta = 0;
  for (let round = 0; round < 400; round++)
    theta += (2 * values.reduce((sum, a) => sum + Math.max(a - theta, 0), 0)) / values.length;
  const found = chooseThreshold(histogram, readRule("ltb", 8, 1));
  assert.ok(Math.abs(found - theta) < 1e-9, `${found}, not ${theta}`);
  assert.ok(found < histogram.max);
});

test("ltb of a channel that hardly ever fires is a hundredth of its maximum, within 0.1 %", () => {
  const histogram = new ActivationHistogram();
  histogram.add(Float32Array.from({ length: 1_000_000 }, (_, at) => (at === 7 ? 2 : 0)));
  const found = chooseThreshold(histogram, readRule("ltb", 8, 1));
  assert.ok(Math.abs(found - 0.02) < 0.02 * 0.001, `${found}`);
});

test("where all values are 0 every rule gives 0", () => {
  const histogram = new ActivationHistogram();
  histogram.add(new Float32Array(5));
  for (const lambda of ["max", "mmse", "ltb", "p99.9"])
    assert.equal(chooseThreshold(histogram, readRule(lambda, 8, 1)), 0, lambda);
});
