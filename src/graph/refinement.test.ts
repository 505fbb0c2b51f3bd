import assert from "node:assert/strict";
import { test } from "node:test";
import { halvingsIn, largestCount, parts, quantumAt, refinementOf } from "./refinement.js";
import { parseAlphabet, parseRefinement } from "./spike-alphabet.js";

test("the quantum is halved `shift` times in each step from the second on, and then stays", () => {
  const refine = { quantum: 1 / 8, shift: 2, halvings: 4 };
  assert.deepEqual(
    [1, 2, 3, 4, 9].map((t) => quantumAt(refine, t)),
    [1 / 8, 1 / 32, 1 / 128, 1 / 128, 1 / 128],
  );
  assert.deepEqual(
    [1, 2, 3, 4, 9].map((t) => halvingsIn(refine, t)),
    [0, 2, 2, 0, 0],
  );
});

test("the largest count is that of a largest spike in every step", () => {
  for (const [shift, halvings] of [
    [1, 0],
    [1, 5],
    [2, 4],
    [3, 9],
  ] as const) {
    let count = 0;
    for (let t = 1; t < 12; t++) {
      count = count * 2 ** halvingsIn({ shift, halvings }, t) + 7;
      assert.equal(largestCount(7, { shift, halvings }, t), count, `${halvings} by ${shift}, step ${t}`);
    }
  }
});

test("refine:N is [−N, N] of quanta 1/(N + 1); N ends at 15, and quanta are whole parts", () => {
  assert.deepEqual(parseAlphabet("refine:7"), { lo: -7, hi: 7 });
  assert.deepEqual(refinementOf(7), { quantum: 1 / 8, shift: 1, halvings: 8 });
  assert.deepEqual(refinementOf(15, 2), { quantum: 1 / 16, shift: 2, halvings: 8 });
  assert.deepEqual(["refine:1", "refine:15", "refine:16", "refine:0", "burst:3"].map(parseRefinement), [
    ...[1, 15, null, null, null],
  ]);
  assert.equal(parseAlphabet("refine:16"), null);
  assert.deepEqual([1 / 8, 1, 1 / 3, 0.3, 2].map(parts), [8, 1, 3, null, null]);
});
