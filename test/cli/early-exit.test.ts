/** Early exit through the built command line: fields, tables, report; the same for any threads, shards and resumption. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { randomWord } from "#src/core/counter-random.js";
import { encodeNpy } from "#src/datasets/npy.js";
import type { EarlyExitResult } from "#src/evaluation/evaluation-result.js";
import { callJson, makeWorkplace, model } from "./call-respike.js";

let at = "";
let whole: Record<string, unknown>;
const words = ["evaluate", "a.snn.safetensors", "--n", "40", "--early-exit", "0.2", "--seed", "1"];

before(async () => {
  at = makeWorkplace();
  const n = 4000;
  const pixels = Uint8Array.from({ length: n * 784 }, (_, i) => randomWord(11, i) >>> 24);
  writeFileSync(join(at, "many.npy"), encodeNpy([n, 1, 28, 28], pixels));
  writeFileSync(join(at, "labels.npy"), encodeNpy([n], new Uint8Array(n)));
  const data = ["--calibrate", "many.npy,labels.npy", "--calibrate-n", "20"];
  const converted = await callJson(at, "convert", model, ...data, "-T", "12", "-o", "a.snn.safetensors");
  assert.equal(converted.code, 0, converted.err);
  words.push("--data", "many.npy,labels.npy");
  const evaluated = await callJson(at, ...words, "--out", "whole", "--threads", "2");
  assert.equal(evaluated.code, 0, evaluated.err);
  whole = evaluated.doc.result;
});
after(() => rmSync(at, { recursive: true, force: true }));

function invariant(folder: string): unknown {
  const { run: _, ...rest } = JSON.parse(readFileSync(join(at, folder, "results.json"), "utf8"));
  return rest;
}

test("the result tells promise, measurement, times and savings; tables and report show them", () => {
  const exit = whole.earlyExit as EarlyExitResult;
  assert.equal(exit.promisedShare, 0.2);
  assert.equal(exit.measuredOn, 40);
  assert.equal(exit.measuredShare, exit.differing / 40);
  assert.equal(exit.times.at(-1)?.t, 12);
  assert.equal(exit.fittedOn.n, 400);
  assert.ok(exit.tested.upperShare <= 0.2);
  const [head, ...rows] = readFileSync(join(at, "whole", "predictions.csv"), "utf8")
    .trim()
    .split("\n");
  assert.equal(head, "index,label,ann,t8,t12,exit");
  const steps = rows.map((row) => Number(row.split(",").at(-1)));
  assert.equal(exit.meanT, steps.reduce((sum, t) => sum + t, 0) / 40);
  assert.match(readFileSync(join(at, "whole", "report.html"), "utf8"), /<section id="early-exit"/);
  const { flags, setup } = JSON.parse(readFileSync(join(at, "whole", "config.json"), "utf8"));
  assert.equal(flags.earlyExit, 0.2);
  assert.equal(setup.earlyExit.thresholds.length, setup.earlyExit.times.length);
});

test("one thread with another batch, and shards merged, give the same results", async () => {
  const one = await callJson(at, ...words, "--out", "one", "--threads", "1", "--batch", "7");
  assert.equal(one.code, 0, one.err);
  assert.deepEqual(invariant("one"), invariant("whole"));
  for (const part of [1, 2]) {
    const shard = await callJson(
      at,
      ...words,
      "--shard",
      `${part}/2`,
      "--out",
      `part${part}`,
      "--threads",
      "1",
    );
    assert.equal(shard.code, 0, shard.err);
  }
  const merged = await callJson(at, "merge", "part2", "part1", "--out", "merged");
  assert.equal(merged.code, 0, merged.err);
  assert.deepEqual(invariant("merged"), invariant("whole"));
});

test("a run is resumed with the same P alone; an existing folder is refused before anything is fitted", async () => {
  rmSync(join(at, "whole", "results.json"));
  const other = await callJson(at, ...words, "--early-exit", "0.3", "--out", "whole", "--resume");
  assert.deepEqual([other.code, other.doc.errors[0]?.code], [2, "run-differs"]);
  const again = await callJson(at, ...words, "--out", "whole", "--resume");
  assert.equal(again.code, 0, again.err);
  assert.deepEqual(invariant("whole"), invariant("one"));
  const exists = await callJson(at, ...words, "--out", "whole");
  assert.deepEqual([exists.code, exists.doc.errors[0]?.code], [2, "output-exists"]);
  assert.doesNotMatch(exists.err, /early exit thresholds/);
});

test("a promise that the fitting images cannot keep is refused with the least there is", async () => {
  const { code, doc } = await callJson(at, ...words, "--early-exit", "0.001", "--out", "small");
  assert.equal(code, 2);
  assert.equal(doc.errors[0]?.code, "early-exit-share");
  assert.match(doc.errors[0]?.next ?? "", /give --early-exit 0\.01 or more/);
});
