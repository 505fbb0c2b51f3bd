/** When an image may stop: margins and thresholds by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDecided, readMargin } from "./exit-margin.js";

test("the margin is the largest output less the second largest, wherever they stand", () => {
  assert.equal(readMargin([1, 5, 3]), 2);
  assert.equal(readMargin([5, 3, 1]), 2);
  assert.equal(readMargin([1, 3, 5]), 2);
  assert.equal(readMargin([4, 4, 1]), 0);
  assert.equal(readMargin(new Float64Array([-7, -2])), 5);
  assert.equal(readMargin([3]), Number.POSITIVE_INFINITY);
});

test("an image is decided by a margin above the threshold of its time, not by one equal to it", () => {
  const exit = { times: [4, 8, 16], thresholds: [3, 2, Number.POSITIVE_INFINITY] };
  assert.deepEqual(
    [0, 1, 2].map((at) => isDecided(exit, at, [0, 3])),
    [false, true, false],
  );
  assert.equal(isDecided({ times: [4], thresholds: [0] }, 0, [1, 1]), false);
});
