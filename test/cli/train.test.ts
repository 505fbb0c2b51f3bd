/** `respike train` as a user calls it: learning, stopping at any moment and going on. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseModel } from "#src/formats/parse-model.js";
import { readCeilings } from "#src/graph/trained-ceilings.js";
import { callJson, start } from "./call-respike.js";
import { at, n, training } from "./small-training.js";

interface Result {
  readonly model: { readonly path: string; readonly sha256: string };
  readonly test: { readonly accuracy: number; readonly n: number };
  readonly engineIdle: number;
  readonly curve: readonly { readonly loss: number }[];
}

let whole: Result;

test("a small task is learnt; network, provenance, curve and report are written", async () => {
  const { code, doc, err } = await callJson(at, ...training("-o", "a.safetensors", "--out", "a"));
  assert.equal(code, 0, err);
  whole = doc.result as unknown as Result;
  assert.deepEqual([whole.curve.length, whole.test.n], [4, n]);
  assert.ok((whole.curve.at(-1)?.loss ?? 9) < 0.7 * (whole.curve[0]?.loss ?? 0), JSON.stringify(whole.curve));
  assert.ok(whole.engineIdle > 0 && whole.engineIdle < 1);
  const provenance = JSON.parse(readFileSync(join(at, "a.provenance.json"), "utf8"));
  assert.equal(provenance.sha256, whole.model.sha256);
  assert.match(provenance.command, /^respike train resnet8 --data i\.npy,l\.npy .*--seed 3$/);
  assert.deepEqual(provenance.curve, whole.curve);
  assert.equal(readFileSync(join(at, "a", "curve.csv"), "utf8").split("\n").length, 6);
  const lines = readFileSync(join(at, "a", "progress.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    whole.curve,
  );
  const report = readFileSync(join(at, "a", "report.html"), "utf8");
  assert.ok(report.includes("Accuracy by epoch") && report.includes("Finished:"));
  assert.ok(existsSync(join(at, "a", "plots", "loss-by-epoch.svg")));
  const inspected = await callJson(at, "inspect", "a.safetensors");
  assert.equal(inspected.doc.result.arch, "resnet8, option P");
});

/** Calls `train` and ends it with a signal once its checkpoint is within an epoch or later. */
async function stopWithin(out: string, signal: NodeJS.Signals, words: readonly string[]) {
  const { child, done } = start(at, words);
  const checkpoint = join(at, out, "checkpoint.safetensors");
  while (!existsSync(checkpoint) && child.exitCode === null) await sleep(5);
  child.kill(signal);
  return done;
}

for (const [signal, code] of [
  ["SIGKILL", null],
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 143],
] as const) {
  test(`stopped by ${signal}, --resume ends at the same bits`, async () => {
    const [out, file] = [`run-${signal}`, `${signal}.safetensors`];
    const stopped = await stopWithin(out, signal, training("-o", file, "--out", out));
    assert.equal(stopped.code, code, stopped.err);
    assert.equal(existsSync(join(at, file)), false);
    assert.equal(existsSync(join(at, out, "results.json")), false);
    const resumed = await callJson(at, ...training("-o", file, "--out", out, "--resume"));
    assert.equal(resumed.code, 0, resumed.err);
    const result = resumed.doc.result as unknown as Result;
    assert.equal(result.model.sha256, whole.model.sha256);
    assert.deepEqual(result.curve, whole.curve);
  });
}

test("a run is not resumed with another recipe: the difference is named", async () => {
  const words = training("-o", "b.safetensors", "--out", "a", "--resume", "--weight-decay", "0.25");
  const { code, doc } = await callJson(at, ...words);
  assert.equal(code, 3);
  assert.match(doc.errors[0]?.value ?? "", /weightDecay: 0\.0005 there, 0\.25 now/);
});

test("ceilings begin and decay where the flags say, and the file has them", async () => {
  const words = ["--activation", "clip", "--ceiling", "0.5", "--ceiling-decay", "0", "--epochs", "1"];
  const run = [...training(...words), "-o", "clip.safetensors", "--out", "clip"];
  const { code, err } = await callJson(at, ...run);
  assert.equal(code, 0, err);
  const { command, run: plan } = JSON.parse(readFileSync(join(at, "clip.provenance.json"), "utf8"));
  assert.match(command, /--activation clip --ceiling 0\.5 --ceiling-decay 0/);
  assert.deepEqual([plan.ceiling, plan.ceilingDecay], [0.5, 0]);
  const bytes = new Uint8Array(readFileSync(join(at, "clip.safetensors")));
  const ceilings = [...readCeilings(parseModel(bytes).graph).values()];
  assert.ok(ceilings.length === 7 && ceilings.every((each) => each > 0.3 && each < 0.7), String(ceilings));
});

test("plain networks train, and the file is read back as one", async () => {
  const words = ["train", "plain20", "--data", "i.npy,l.npy", "--epochs", "1", "--batch", "32"];
  const { code, doc, err } = await callJson(at, ...words, "-o", "p.safetensors", "--out", "p");
  assert.equal(code, 0, err);
  assert.equal((doc.result as unknown as { shortcut: string }).shortcut, "none");
  assert.equal((await callJson(at, "inspect", "p.safetensors")).doc.result.arch, "plain20");
});
