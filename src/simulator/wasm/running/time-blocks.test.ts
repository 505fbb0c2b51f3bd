/** How T steps are cut into blocks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listTimeSpans, longestSpan } from "./time-blocks.js";

const ends = (...request: Parameters<typeof listTimeSpans>) =>
  listTimeSpans(...request).map(({ end }) => end);

test("spans end at exit times and T, are no longer than the longest, and follow each other", () => {
  const exit = { times: [1, 2, 10], thresholds: [0, 0, 0] };
  assert.deepEqual(ends({ steps: 30, exit }, 30), [1, 2, 10, 30]);
  assert.deepEqual(ends({ steps: 30, exit }, 7), [1, 2, 9, 10, 17, 24, 30]);
  assert.deepEqual(ends({ steps: 10, exit }, 100), [1, 2, 10]);
  assert.deepEqual(ends({ steps: 130, exit: undefined }, 64), [64, 128, 130]);
  let before = 0;
  for (const { start, end } of listTimeSpans({ steps: 30, exit }, 7)) {
    assert.equal(start, before);
    before = end;
  }
  assert.equal(longestSpan({ steps: 30, exit }), 20);
  assert.equal(longestSpan({ steps: 30, exit: undefined }), 30);
});
