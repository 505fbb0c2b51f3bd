/** Tests of trainings that a signal stops and --resume ends. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { callJson, start } from "./call-respike.js";
import { at, n, training } from "./small-training.js";

interface Result {
  readonly model: { readonly sha256: string };
  readonly curve: readonly { readonly loss: number }[];
}

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

/**
 * Tests that a run which each of the signals stopped ends as one that none did, which lies in the run folder `a`.
 *
 * @param more flags of every call
 */
export function testStopping(
  signals: readonly (readonly [signal: NodeJS.Signals, code: number | null])[],
  ...more: readonly string[]
): void {
  let whole: Result;
  before(async () => {
    const { code, doc, err } = await callJson(at, ...training(...more, "-o", "a.safetensors", "--out", "a"));
    assert.equal(code, 0, err);
    whole = doc.result as unknown as Result;
  });
  for (const [signal, code] of signals) {
    test(`stopped by ${signal}, --resume goes on behind the first epoch and ends at the same bits`, async () => {
      const [out, file] = [`run-${signal}`, `${signal}.safetensors`];
      const words = training(...more, "-o", file, "--out", out);
      const stopped = await stopWithin(out, signal, words);
      assert.equal(stopped.code, code, stopped.err);
      assert.equal(existsSync(join(at, file)), false);
      assert.equal(existsSync(join(at, out, "results.json")), false);
      const loud = words.map((word) => (word === "none" ? "jsonl" : word));
      const resumed = await callJson(at, ...loud, "--resume");
      assert.equal(resumed.code, 0, resumed.err);
      const trained = n - Math.floor(n / 10);
      const firstEpoch = trained - (trained % 32);
      assert.ok(readFirstDone(resumed.err) > firstEpoch, resumed.err);
      const result = resumed.doc.result as unknown as Result;
      assert.equal(result.model.sha256, whole.model.sha256);
      assert.deepEqual(result.curve, whole.curve);
    });
  }
}
