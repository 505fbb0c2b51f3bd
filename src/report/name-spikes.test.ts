import assert from "node:assert/strict";
import { test } from "node:test";
import { labelAlphabet } from "./name-spikes.js";

test("alphabets of more than one value of each sign are said to be multi-level", () => {
  const labels = ["binary", "signed", "burst:4", "signed-burst:2", "refine:7"].map(labelAlphabet);
  assert.deepEqual(labels, [
    ...["binary", "signed", "burst:4 (multi-level)"],
    ...["signed-burst:2 (multi-level)", "refine:7 (multi-level)"],
  ]);
});
