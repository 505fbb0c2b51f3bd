/** The interval of a paired difference against its formula by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pairedInterval } from "./paired-interval.js";

test("the paired interval equals the formula by hand, within 1e-12", () => {
  // b = 30.5, c = 10.5, m = 1002: 100·(20 ± 1.96·√(41 − 400/1002))/1002
  const half = 1.96 * Math.sqrt(41 - 400 / 1002);
  const [low, high] = pairedInterval(30, 10, 1000);
  assert.ok(Math.abs(low - (100 * (20 - half)) / 1002) < 1e-12);
  assert.ok(Math.abs(high - (100 * (20 + half)) / 1002) < 1e-12);
});

test("no difference at all still has an interval around 0", () => {
  const [low, high] = pairedInterval(0, 0, 100);
  assert.ok(low < 0 && high === -low);
});
