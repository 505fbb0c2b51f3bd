/** The rank of a label among outputs, ties included. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTopFive, rankLabel } from "./rank-label.js";

test("ties go to the lower class", () => {
  assert.equal(rankLabel([3, 3, 1], 0), 0);
  assert.equal(rankLabel([3, 3, 1], 1), 1);
  assert.equal(isTopFive([0, 0, 0, 0, 0, 0], 4), 1);
  assert.equal(isTopFive([0, 0, 0, 0, 0, 0], 5), 0);
});
