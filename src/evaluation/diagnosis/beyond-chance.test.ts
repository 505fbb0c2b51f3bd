/** Two standard errors, and the jackknife that they come from. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isBeyondChance, jackknifeError } from "./beyond-chance.js";

test("beyond chance is above two standard errors; an unknown error counts as none, nothing below 0 is", () => {
  assert.deepEqual(
    [isBeyondChance(6.1, 3), isBeyondChance(6, 3), isBeyondChance(0.1, null), isBeyondChance(-9, null)],
    [true, false, true, false],
  );
});

test("the jackknife of a mean is its standard error s/√n within 10⁻¹²; of one image there is none", () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const n = values.length;
  const sum = values.reduce((all, value) => all + value, 0);
  const spread = Math.sqrt(values.reduce((all, value) => all + (value - sum / n) ** 2, 0) / (n - 1));
  const error = jackknifeError(values.map((value) => (sum - value) / (n - 1)));
  assert.ok(Math.abs((error ?? 0) - spread / Math.sqrt(n)) < 1e-12);
  assert.equal(jackknifeError([1]), null);
});
