/** `respike bench` through the built command line: shape of the result, options, errors; no figure is compared with a clock. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { BenchResult } from "#src/evaluation/bench-result.js";
import { call, callJson, makeWorkplace, model } from "./call-respike.js";

let at = "";
const quick = ["--data", "i.npy,l.npy", "--seconds", "0.02", "--batch", "4"];
before(async () => {
  at = makeWorkplace();
  const words = ["convert", model, "--calibrate", "i.npy,l.npy", "--calibrate-n", "all", "-T", "16"];
  const { code, err } = await call(at, ...words, "-o", "a.snn.safetensors");
  assert.equal(code, 0, err);
});
after(() => rmSync(at, { recursive: true, force: true }));

async function bench(...words: string[]) {
  const { code, err, doc } = await callJson(at, "bench", "a.snn.safetensors", ...quick, ...words);
  return { code, err, doc, result: doc.result as unknown as BenchResult };
}

test("every T on every number of threads has a rate, with the mean spike rate beside it", async () => {
  const { code, err, doc, result } = await bench("--at", "4,8", "--threads", "2,1,2", "--out", "speed");
  assert.equal(code, 0, err);
  assert.equal(doc.schema, "respike.bench/1");
  const measured = result.points.map(({ T, threads }) => [T, threads]);
  assert.deepEqual(measured, [
    [4, 1],
    [8, 1],
    [4, 2],
    [8, 2],
  ]);
  assert.deepEqual(
    result.ann.map(({ threads }) => threads),
    [1, 2],
  );
  for (const point of [...result.points, ...result.ann]) {
    assert.ok(point.slowest > 0 && point.slowest <= point.imagesPerSecond, JSON.stringify(point));
    assert.ok(point.imagesPerSecond <= point.fastest && point.rounds === 3 && point.images >= 4);
  }
  for (const { rate, overDense, microsecondsAStep, residentBytes } of result.points) {
    assert.ok(rate > 0 && rate < 1, String(rate));
    assert.ok(overDense > 0 && microsecondsAStep > 0 && residentBytes > 1e6);
  }
  assert.ok(result.peakBytes >= Math.max(...result.points.map(({ residentBytes }) => residentBytes)) / 2);
  assert.deepEqual(result.options.threads, [1, 2]);
});

test("the same images have the rate that evaluate finds, at each T, to 1e-12", async () => {
  const words = [
    "evaluate",
    "a.snn.safetensors",
    "--data",
    "i.npy,l.npy",
    "--n",
    "8",
    "--at",
    "4,8",
    "-T",
    "8",
  ];
  const { doc } = await callJson(at, ...words, "--out", "run");
  const snn = doc.result.snn as { at: { t: number; spikes: number }[] };
  const { neurons } = doc.result.cost as { neurons: number };
  const { result } = await bench("--at", "4,8", "--threads", "1", "--n", "8");
  assert.equal(result.neurons, neurons);
  for (const [index, { t, spikes }] of snn.at.entries()) {
    const { T, rate } = result.points[index] as BenchResult["points"][number];
    assert.equal(T, t);
    assert.ok(Math.abs(rate - spikes / neurons / t) <= 1e-12 * rate, `${rate} at ${t}`);
  }
});

test("each layer has a kernel, a share, a calibrated rate, a measured and a modelled time; shares and the rest make one, to 1e-9", async () => {
  const { result } = await bench("--at", "8", "--threads", "1");
  const evaluated = result.layers.filter(({ rate }) => rate !== null);
  assert.ok(evaluated.length >= 7);
  for (const { name, calibratedRate, modelledMicroseconds } of evaluated) {
    assert.ok((calibratedRate ?? 0) > 0 && (modelledMicroseconds ?? 0) > 0, name);
  }
  for (const { name, kernel, share, measuredMicroseconds, neurons } of evaluated) {
    assert.ok(name !== "" && kernel !== "" && kernel !== "unknown" && neurons > 0, name);
    assert.ok(share > 0 && share < 1 && measuredMicroseconds > 0, name);
  }
  const sum = result.layers.reduce((total, { share }) => total + share, result.restShare);
  assert.ok(Math.abs(sum - 1) <= 1e-9, String(sum));
  assert.deepEqual(result.counting.at, [8]);
  assert.ok(result.counting.imagesPerSecond > 0 && Number.isFinite(result.counting.costPercent));
});

test("the folder holds the figures, a page and its plots; it is not overwritten", async () => {
  const folder = join(at, "speed");
  const saved = JSON.parse(readFileSync(join(folder, "bench.json"), "utf8")) as BenchResult;
  assert.equal(saved.points.length, 4);
  const plots = readdirSync(join(folder, "plots")).sort();
  assert.deepEqual(plots, ["images-against-steps.svg", "time-per-layer.svg"]);
  const page = readFileSync(join(folder, "report.html"), "utf8");
  assert.match(page, /<svg/);
  assert.doesNotMatch(page, /NaN|undefined|https?:\/\/(?!www\.w3\.org)/);
  const again = await bench("--at", "4", "--threads", "1", "--out", "speed");
  assert.equal(again.code, 2);
  assert.equal(again.doc.errors[0]?.code, "output-exists");
  const below = await bench("--at", "4", "--threads", "1", "--out", "i.npy/speed");
  assert.equal(below.code, 5, below.err);
  assert.equal(below.doc.errors[0]?.code, "disk");
});

test("defaults: T of the SNN and times below; text for people names every figure", async () => {
  const { code, out, err } = await call(
    at,
    "bench",
    "a.snn.safetensors",
    ...quick,
    "--threads",
    "1",
    "--explain",
  );
  assert.equal(code, 0, err);
  for (const part of [
    "images/s",
    "mean rate, %",
    "calibrated, %",
    "over dense",
    "rejected",
    "Counting",
    "Resident",
    "network",
  ])
    assert.ok(out.includes(part), part);
  assert.match(out, /^ *8 +1 /m);
  assert.match(out, /^ *16 +1 /m);
  assert.equal(existsSync(join(at, "runs")), false);
});

test("evaluate --explain tells each layer's kernel and time after its own result", async () => {
  const words = ["evaluate", "a.snn.safetensors", "--data", "i.npy,l.npy", "--n", "4", "-T", "4"];
  const { code, err, doc } = await callJson(at, ...words, "--explain", "--out", "explained");
  assert.equal(code, 0, err);
  const { explanation } = doc.result as unknown as { explanation: BenchResult["layers"] };
  const saved = JSON.parse(readFileSync(join(at, "explained", "results.json"), "utf8"));
  assert.deepEqual(
    explanation.map(({ name }) => name),
    saved.layers.map(({ name }: { name: string }) => name),
  );
  assert.equal("explanation" in saved, false);
  for (const { kernel, measuredMicroseconds } of explanation)
    assert.ok(kernel !== "" && measuredMicroseconds > 0);
});

test("wrong options are refused with exit 2 before anything runs", async () => {
  const cases: readonly (readonly [string, ...string[]])[] = [
    ["--threads", "0"],
    ["--threads", "1,x"],
    ["--at", "0"],
    ["--at", "32", "-T", "16"],
    ["--n", "0"],
    ["--n", "41"],
    ["--seconds", "0"],
    ["--thread", "1"],
  ];
  for (const [flag, ...values] of cases) {
    const { code, doc } = await bench(flag, ...values);
    assert.equal(code, 2, `${flag} ${values.join(" ")}`);
    assert.ok((doc.errors[0]?.next ?? "") !== "");
  }
});
