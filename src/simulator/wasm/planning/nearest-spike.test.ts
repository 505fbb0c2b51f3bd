import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestConstants, nearestLimit } from "./nearest-spike.js";

/** From here on float32 has whole numbers alone. */
const wholeNumbers = 1.5 * 2 ** 23;

/** As the kernel computes it: every operation rounded to float32. */
function nearestInFloat(v: number, theta: number): number {
  const [inverse, offset] = nearestConstants(theta).map(Math.fround) as [number, number];
  const ratio = Math.fround(Math.fround(Math.fround(v) * inverse) + offset);
  return Math.abs(ratio) < 2 ** 20 ? Math.fround(ratio + wholeNumbers) - wholeNumbers : ratio;
}

test("float32 finds the nearest spike exactly, on both sides of every rung of −17 … 17", () => {
  for (let theta = 1; theta < nearestLimit; theta += theta < 300 || theta > 32_500 ? 1 : 37) {
    for (let rung = -16; rung <= 16; rung++) {
      const first = rung * theta - Math.floor(theta / 2);
      for (const v of [first - 1, first, first + 1]) {
        const exact = Math.floor((v + Math.floor(theta / 2)) / theta);
        assert.equal(nearestInFloat(v, theta), exact, `V = ${v}, θ = ${theta}`);
      }
    }
  }
});

test("where V is far beyond the alphabet, so is what float32 finds", () => {
  for (const theta of [1, 7, 4_681, 32_767]) {
    for (const v of [18 * theta, 2 ** 24 + 1, 2 ** 31 - 1].filter((each) => each >= 17 * theta)) {
      assert.ok(nearestInFloat(v, theta) > 15 && nearestInFloat(-v, theta) < -15, `V = ±${v}, θ = ${theta}`);
    }
  }
});
