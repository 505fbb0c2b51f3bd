/** Which class outputs name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { predictClass, predictClasses } from "./predict-class.js";

test("the largest value wins, the lowest class on a tie", () => {
  assert.equal(predictClass([1, 3, 3]), 1);
  assert.equal(predictClass(new Float64Array([-2, -5, -2])), 0);
  assert.equal(predictClass([0, 0, 0.1]), 2);
});

test("each image has its own class, none where there are none", () => {
  assert.deepEqual([...predictClasses(Float32Array.of(1, 3, 3, 9, 2, -1), 2)], [1, 0]);
  assert.equal(predictClasses(new Float64Array(0), 0).length, 0);
});
