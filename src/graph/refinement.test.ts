import assert from "node:assert/strict";
import { test } from "node:test";
import { halvingsAt, isHalved, largestCount, parts, quantumAt, refinementOf } from "./refinement.js";
import { parseAlphabet, parseRefinement } from "./spike-alphabet.js";

test("the quantum is halved in steps 2 … H + 1 and stays", () => {
  const refine = { quantum: 1 / 8, halvings: 2 };
  assert.deepEqual(
    [1, 2, 3, 4, 9].map((t) => quantumAt(refine, t)),
    [1 / 8, 1 / 16, 1 / 32, 1 / 32, 1 / 32],
  );
  for (let t = 1; t < 20; t++) {
    const before = t === 1 ? 0 : halvingsAt(refine, t - 1);
    assert.equal(isHalved(refine, t), halvingsAt(refine, t) > before, `step ${t}`);
  }
});

test("the largest count is that of a largest spike in every step", () => {
  for (const halvings of [0, 2, 5]) {
    let count = 0;
    for (let t = 1; t < 12; t++) {
      count = count * (isHalved({ halvings }, t) ? 2 : 1) + 7;
      assert.equal(largestCount(7, { halvings }, t), count, `${halvings} halvings, step ${t}`);
    }
  }
});

test("refine:N is [−N, N] of quanta 1/(N + 1); N ends at 15, and quanta are whole parts", () => {
  assert.deepEqual(parseAlphabet("refine:7"), { lo: -7, hi: 7 });
  assert.deepEqual(refinementOf(7), { quantum: 1 / 8, halvings: 11 });
  assert.deepEqual(["refine:1", "refine:15", "refine:16", "refine:0", "burst:3"].map(parseRefinement), [
    ...[1, 15, null, null, null],
  ]);
  assert.equal(parseAlphabet("refine:16"), null);
  assert.deepEqual([1 / 8, 1, 1 / 3, 0.3, 2].map(parts), [8, 1, 3, null, null]);
});
