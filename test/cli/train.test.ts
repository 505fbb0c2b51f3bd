/** `respike train` as a user calls it: what it learns and writes. Stopping and going on: train-killed, train-resume. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseModel } from "#src/formats/parse-model.js";
import { readCeilings } from "#src/graph/trained-ceilings.js";
import { callJson } from "./call-respike.js";
import { at, n, training } from "./small-training.js";

interface Result {
  readonly model: { readonly path: string; readonly sha256: string };
  readonly test: { readonly accuracy: number; readonly n: number };
  readonly engineIdle: number;
  readonly curve: readonly { readonly loss: number }[];
}

test("a small task is learnt; network, provenance, curve and report are written", async () => {
  const { code, doc, err } = await callJson(at, ...training("-o", "a.safetensors", "--out", "a"));
  assert.equal(code, 0, err);
  const whole = doc.result as unknown as Result;
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

test("ceilings begin and decay where the flags say, and the file has them", async () => {
  const words = ["--activation", "clip", "--ceiling", "0.5", "--ceiling-decay", "0", "--epochs", "1"];
  words.push("--rate", "0.01");
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
  words.push("--threads", "1");
  const { code, doc, err } = await callJson(at, ...words, "-o", "p.safetensors", "--out", "p");
  assert.equal(code, 0, err);
  assert.equal((doc.result as unknown as { shortcut: string }).shortcut, "none");
  assert.equal((await callJson(at, "inspect", "p.safetensors")).doc.result.arch, "plain20");
});
