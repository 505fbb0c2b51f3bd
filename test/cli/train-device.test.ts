/** `respike train --device cuda` where there is no such device, and what cannot go with it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkDevice } from "#src/training/check-device.js";
import { loadEngine } from "#src/training/load-engine.js";
import { callJson } from "./call-respike.js";
import { at, training } from "./small-training.js";

async function hasCuda(): Promise<boolean> {
  return checkDevice(await loadEngine(), "cuda").then(
    () => true,
    () => false,
  );
}

test("without CUDA --device cuda ends with exit 5, says what to install, and leaves nothing", async (t) => {
  if (await hasCuda()) return t.skip("there is a CUDA device here");
  const { code, doc, err } = await callJson(
    at,
    ...training("-o", "g.safetensors", "--out", "g", "--device", "cuda"),
  );
  assert.equal(code, 5);
  assert.deepEqual([doc.errors[0]?.code, doc.errors[0]?.where], ["device-missing", "--device cuda"]);
  assert.match(doc.errors[0]?.next ?? "", /CUDA library/);
  assert.doesNotMatch(err, /onnxruntime_src/, "the engine's own message stays away");
  for (const name of ["g.safetensors", "g"]) assert.equal(existsSync(join(at, name)), false, name);
});

test("with CUDA a network trains there and says so", async (t) => {
  if (!(await hasCuda())) return t.skip("there is no CUDA device here");
  const { code, doc } = await callJson(
    at,
    ...training("-o", "h.safetensors", "--out", "h", "--device", "cuda"),
  );
  assert.equal(code, 0);
  assert.deepEqual([doc.result.device, doc.result.lowering], ["cuda", "plain"]);
});

test("an unknown device: exit 2 names the two", async () => {
  const { code, doc } = await callJson(
    at,
    ...training("-o", "k.safetensors", "--out", "k", "--device", "gpu"),
  );
  assert.equal(code, 2);
  assert.match(JSON.stringify(doc.errors), /cuda/);
});
