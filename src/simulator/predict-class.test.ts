/** Which class outputs name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { predictClass } from "./predict-class.js";

test("the largest value wins, the lowest class on a tie", () => {
  assert.equal(predictClass([1, 3, 3]), 1);
  assert.equal(predictClass(new Float64Array([-2, -5, -2])), 0);
  assert.equal(predictClass([0, 0, 0.1]), 2);
});
