/** Presets for few steps through the built command line: the same bytes for any threads, and a warning at another T. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { call, callJson, makeWorkplace, model } from "./call-respike.js";

let at = "";
const data = ["--calibrate", "i.npy,l.npy", "--calibrate-n", "all", "--certify", "off"];
const made = (preset: string, file: string, ...more: string[]) =>
  callJson(at, "convert", model, ...data, "--preset", preset, "-T", "6", "-o", file, ...more);

before(() => {
  at = makeWorkplace();
});
after(() => rmSync(at, { recursive: true, force: true }));

test("binary and signed report each layer's errors; the same bytes with one thread and two", async () => {
  for (const [preset, alphabet, delay] of [
    ["binary", "binary", 3],
    ["signed", "signed", 0],
  ] as const) {
    const one = await made(preset, `${preset}-1.snn.safetensors`, "--threads", "1");
    assert.equal(one.code, 0, one.err);
    const { adjustment, options } = one.doc.result as {
      adjustment: {
        method: string;
        steps: number;
        delay: number;
        layers: { before: number; bias: number; after: number }[];
      };
      options: Record<string, unknown>;
    };
    assert.deepEqual(
      [adjustment.method, adjustment.steps, adjustment.delay, adjustment.layers.length],
      ["bias+potential", 6, delay, 7],
    );
    // Where steps are left out, what was fitted to the others is kept whatever the squared error does.
    for (const layer of adjustment.layers)
      assert.ok(delay === 0 ? layer.after <= layer.before : layer.after === layer.bias);
    assert.deepEqual([options.lambda, options.spikes, options.delay], ["mmse", alphabet, delay]);
    if (preset === "signed") continue;
    const two = await made(preset, `${preset}-2.snn.safetensors`, "--threads", "2");
    assert.equal(two.code, 0, two.err);
    const [first, second] = [1, 2].map((threads) =>
      readFileSync(join(at, `${preset}-${threads}.snn.safetensors`)),
    );
    assert.deepEqual(first, second);
  }
});

test("evaluate and run warn at a T that the thresholds were not made for, and not at theirs", async () => {
  const codesOf = async (...words: string[]) => {
    const { code, doc, err } = await callJson(at, ...words);
    assert.equal(code, 0, err);
    return doc.warnings.map((warning: { code: string }) => warning.code);
  };
  const evaluation = ["evaluate", "binary-1.snn.safetensors", "--data", "i.npy,l.npy", "--n", "4"];
  assert.ok((await codesOf(...evaluation, "--out", "other", "-T", "8")).includes("made-for-other-steps"));
  assert.ok(!(await codesOf(...evaluation, "--out", "own")).includes("made-for-other-steps"));
  const input = ["run", "binary-1.snn.safetensors", "i.npy,l.npy:test:0"];
  assert.deepEqual(await codesOf(...input, "-T", "4"), ["made-for-other-steps"]);
  assert.deepEqual(await codesOf(...input), []);
});

test("the text has a column for what was fitted, in its order, and none for what was not", async () => {
  for (const [preset, columns] of [
    ["binary", "layer before potentials currents kept"],
    ["signed", "layer before currents potentials kept"],
    ["refine", "layer before currents kept"],
  ] as const) {
    const words = ["convert", model, ...data, "--preset", preset, "-T", "6", "--force"];
    const { code, out, err } = await call(at, ...words, "-o", "text.snn.safetensors");
    assert.equal(code, 0, err);
    const lines = out.split("\n").map((line) => line.trim().replace(/ +/g, " "));
    assert.ok(lines.includes(columns), out);
  }
});
