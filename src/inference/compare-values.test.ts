/** The measure that passes and oracles are judged by: zero, relative, and never small where a value is not finite. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareValues } from "./compare-values.js";

test("equal outputs differ by 0, doubled ones by their largest", () => {
  const outputs = Float32Array.of(1, -3, 2);
  const same = compareValues(outputs, outputs.slice(), 4);
  assert.deepEqual([same.maxAbsDiff, same.maxRelDiff, same.notFinite, same.images], [0, 0, 0, 4]);
  const doubled = compareValues(
    outputs,
    outputs.map((value) => 2 * value),
    4,
  );
  assert.deepEqual([doubled.maxAbsDiff, doubled.maxRelDiff, doubled.largestOutput], [3, 1, 3]);
});

test("a value that is not finite is never called close", () => {
  const nan = compareValues(Float32Array.of(1, Number.NaN), Float32Array.of(1, Number.NaN), 1);
  assert.deepEqual([nan.maxAbsDiff, nan.notFinite], [Number.POSITIVE_INFINITY, 2]);
  const infinite = compareValues(Float32Array.of(1, 2), Float32Array.of(1, Number.POSITIVE_INFINITY), 1);
  assert.deepEqual([infinite.maxRelDiff, infinite.notFinite], [Number.POSITIVE_INFINITY, 1]);
  const zero = compareValues(Float32Array.of(0), Float32Array.of(0.1), 1);
  assert.equal(zero.maxRelDiff, Number.POSITIVE_INFINITY);
  assert.throws(() => compareValues(Float32Array.of(0), Float32Array.of(0, 1), 1), RangeError);
});
