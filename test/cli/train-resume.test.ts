/** `respike train` stopped by its surroundings, with the plain lowering; what --resume refuses. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { call, callJson } from "./call-respike.js";
import { at, training } from "./small-training.js";
import { testStopping } from "./stop-training.js";

const plain = ["--lowering", "plain"];

testStopping(
  [
    ["SIGTERM", 143],
    ["SIGHUP", 143],
  ],
  ...plain,
);

test("a run is not resumed with another recipe: exit 2 names the difference", async () => {
  const words = training(...plain, "-o", "b.safetensors", "--out", "a", "--resume", "--weight-decay", "0.25");
  const { code, doc } = await callJson(at, ...words);
  assert.deepEqual([code, doc.errors[0]?.code], [2, "run-differs"]);
  assert.match(doc.errors[0]?.value ?? "", /weightDecay: 0\.0005 there, 0\.25 now/);
});

test("a folder in the checkpoint's place is called one, with exit 3", async () => {
  mkdirSync(join(at, "odd", "checkpoint.safetensors"), { recursive: true });
  const refused = await call(at, ...training(...plain, "-o", "odd.safetensors", "--out", "odd", "--resume"));
  assert.equal(refused.code, 3, refused.err);
  assert.match(refused.err, /checkpoint\.safetensors.*a folder/s);
});
