import assert from "node:assert/strict";
import { test } from "node:test";
import { binomialAtMost, shareInterval, upperShare } from "./binomial-bound.js";

const near = (actual: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

test("the distribution adds up: three draws of one half, and what is far from the mean (to 1e-9)", () => {
  near(binomialAtMost(0, 3, 0.5), 1 / 8);
  near(binomialAtMost(1, 3, 0.5), 1 / 2);
  near(binomialAtMost(2, 3, 0.5), 7 / 8);
  near(binomialAtMost(3, 3, 0.5), 1);
  assert.equal(binomialAtMost(0, 5000, 0.9), 0);
  near(binomialAtMost(4990, 5000, 0.5), 1);
  let term = 0.99 ** 1000;
  let sum = term;
  for (let k = 0; k < 4; k++) {
    term *= ((1000 - k) / (k + 1)) * (0.01 / 0.99);
    sum += term;
  }
  near(binomialAtMost(4, 1000, 0.01), sum);
});

test("bounds: no event among n says 1 − risk^(1/n); textbook intervals of Clopper and Pearson (to 1e-4)", () => {
  near(upperShare(0, 1000, 0.05), 1 - 0.05 ** (1 / 1000));
  near(upperShare(0, 1, 0.05), 0.95);
  near(upperShare(1, 20, 0.05), 0.2161, 1e-4);
  const [low, high] = shareInterval(4, 20, 0.05);
  near(low, 0.0573, 1e-4);
  near(high, 0.4366, 1e-4);
  assert.deepEqual(shareInterval(0, 10, 0.05)[0], 0);
  assert.deepEqual(shareInterval(10, 10, 0.05)[1], 1);
  assert.equal(upperShare(7, 7, 0.05), 1);
});
