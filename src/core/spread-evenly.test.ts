/** Some of a list, evenly spaced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { spreadEvenly } from "./spread-evenly.js";

const upTo = (n: number) => Uint32Array.from({ length: n }, (_, at) => at);

test("the middle of each of n equal parts; all where there are no more, none of none", () => {
  assert.deepEqual([...spreadEvenly(upTo(6), 2)], [1, 4]);
  assert.deepEqual([...spreadEvenly(upTo(5000), 4)], [625, 1875, 3125, 4375]);
  assert.deepEqual([...spreadEvenly(Uint32Array.of(7, 9, 4), 2)], [7, 4]);
  for (const n of [3, 10]) assert.deepEqual([...spreadEvenly(upTo(3), n)], [0, 1, 2]);
  assert.equal(spreadEvenly(upTo(0), 5).length, 0);
});

test("each index once, ascending as they were, for any n", () => {
  for (let n = 1; n <= 97; n++) {
    const chosen = spreadEvenly(upTo(97), n);
    assert.equal(chosen.length, n);
    assert.ok(chosen.every((index, at) => at === 0 || index > (chosen[at - 1] as number)));
  }
});
