/** Which preprocessing a name gives: that of the table, never a member that every object has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preprocessingPresets } from "./preprocessing.js";
import { resolvePreprocessing } from "./resolve-preprocessing.js";

test("a preset is found by its own name alone; others are refused with exit 2", () => {
  assert.equal(resolvePreprocessing(null, { preprocess: "unit" }, 3), preprocessingPresets.unit);
  for (const preprocess of ["toString", "constructor", "__proto__", "other"])
    assert.throws(() => resolvePreprocessing(null, { preprocess }, 3), {
      exitCode: 2,
      where: "--preprocess",
    });
});
