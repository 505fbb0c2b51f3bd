/** Which steps a layer is judged by. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readSteps } from "./read-steps.js";

test("steps that a mean leaves out are not judged; counts, final values and a mean without steps are of all", () => {
  assert.deepEqual(readSteps(16, "mean", 10), { steps: 16, left: 10 });
  assert.deepEqual(readSteps(16, "mean", 0), { steps: 16, left: 0 });
  assert.deepEqual(readSteps(8, "mean", 10), { steps: 8, left: 0 });
  assert.deepEqual(readSteps(16, "count", 10), { steps: 16, left: 0 });
  assert.deepEqual(readSteps(3, "final", 0), { steps: 3, left: 0 });
});
