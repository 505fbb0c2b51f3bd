/** `respike train` stopped at any moment, and going on with --resume. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { call, callJson, start } from "./call-respike.js";
import { at, n, training } from "./small-training.js";

interface Result {
  readonly model: { readonly sha256: string };
  readonly curve: readonly { readonly loss: number }[];
}

let whole: Result;
before(async () => {
  const { code, doc, err } = await callJson(at, ...training("-o", "a.safetensors", "--out", "a"));
  assert.equal(code, 0, err);
  whole = doc.result as unknown as Result;
});

/** Calls `train` and ends it with a signal once its checkpoint is within an epoch or later. */
async function stopWithin(out: string, signal: NodeJS.Signals, words: readonly string[]) {
  const { child, done } = start(at, words);
  const checkpoint = join(at, out, "checkpoint.safetensors");
  while (!existsSync(checkpoint) && child.exitCode === null) await sleep(5);
  child.kill(signal);
  return done;
}

/** Of `--progress jsonl`: how many images were trained on when progress was first told. */
function readFirstDone(err: string): number {
  const [line = "{}"] = err.split("\n").filter((each) => each.includes('"phase":"training"'));
  return (JSON.parse(line) as { readonly done?: number }).done ?? 0;
}

for (const [signal, code] of [
  ["SIGKILL", null],
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 143],
] as const) {
  test(`stopped by ${signal}, --resume goes on behind the first epoch and ends at the same bits`, async () => {
    const [out, file] = [`run-${signal}`, `${signal}.safetensors`];
    const stopped = await stopWithin(out, signal, training("-o", file, "--out", out));
    assert.equal(stopped.code, code, stopped.err);
    assert.equal(existsSync(join(at, file)), false);
    assert.equal(existsSync(join(at, out, "results.json")), false);
    const words = training("-o", file, "--out", out, "--resume");
    const loud = words.map((word) => (word === "none" ? "jsonl" : word));
    const resumed = await callJson(at, ...loud);
    assert.equal(resumed.code, 0, resumed.err);
    const firstEpoch = n - n / 10 - ((n - n / 10) % 32);
    assert.ok(readFirstDone(resumed.err) > firstEpoch, resumed.err);
    const result = resumed.doc.result as unknown as Result;
    assert.equal(result.model.sha256, whole.model.sha256);
    assert.deepEqual(result.curve, whole.curve);
  });
}

test("a run is not resumed with another recipe: exit 2 names the difference", async () => {
  const words = training("-o", "b.safetensors", "--out", "a", "--resume", "--weight-decay", "0.25");
  const { code, doc } = await callJson(at, ...words);
  assert.deepEqual([code, doc.errors[0]?.code], [2, "run-differs"]);
  assert.match(doc.errors[0]?.value ?? "", /weightDecay: 0\.0005 there, 0\.25 now/);
});

test("a folder in the checkpoint's place is called one, with exit 3", async () => {
  mkdirSync(join(at, "odd", "checkpoint.safetensors"), { recursive: true });
  const refused = await call(at, ...training("-o", "odd.safetensors", "--out", "odd", "--resume"));
  assert.equal(refused.code, 3, refused.err);
  assert.match(refused.err, /checkpoint\.safetensors.*a folder/s);
});
