import assert from "node:assert/strict";
import { test } from "node:test";
import { wilsonInterval } from "./wilson-interval.js";

test("Wilson's interval solves (p − q)² = z² q (1 − q)/n at both ends, within 1e-12; none and all stay within 0 and 1", () => {
  for (const [correct, n] of [
    [9961, 10_000],
    [3, 10],
    [0, 50],
    [50, 50],
  ] as const) {
    const ends = wilsonInterval(correct, n);
    assert.ok(ends[0] >= -1e-15 && ends[1] <= 1 + 1e-15 && ends[0] < ends[1], String(ends));
    for (const q of ends) {
      const p = correct / n;
      assert.ok(Math.abs((p - q) ** 2 - (1.96 ** 2 * q * (1 - q)) / n) < 1e-12, `${correct} of ${n}: ${q}`);
    }
  }
});
