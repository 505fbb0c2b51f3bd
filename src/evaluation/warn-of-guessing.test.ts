/** When a network is said to guess. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { warnOfGuessing } from "./warn-of-guessing.js";

test("a network near chance is named with what to look at, a weak one and one on few images are not", () => {
  const isWarned = (correct: number, n: number, classes: number) =>
    warnOfGuessing({ correct, n }, classes, "test images") !== null;
  assert.equal(isWarned(17, 256, 10), true);
  assert.equal(isWarned(18, 100, 10), true);
  assert.equal(isWarned(20, 100, 10), false);
  assert.equal(isWarned(12, 100, 100), false);
  assert.equal(isWarned(3, 100, 100), true);
  assert.equal(isWarned(60, 100, 2), false);
  assert.equal(isWarned(0, 19, 10), false);
  const warning = warnOfGuessing({ correct: 17, n: 256 }, 10, "training images");
  assert.match(warning?.message ?? "", /right on 6\.6 %, by guessing it would be 10\.0 %.*--preprocess/);
});
