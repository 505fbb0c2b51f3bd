/** The main job through the built command line: convert, evaluate, stop, resume, merge, run. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { unzipSync } from "fflate";
import { encodeNpy, parseNpy } from "#src/datasets/npy.js";
import { loadSnn, saveSnn } from "#src/library/snn-files.js";
import { call, callJson, type Envelope, makeWorkplace, model, start } from "./call-respike.js";

let at = "";
let converted: Envelope;
let whole: Record<string, unknown>;
const convertWords = ["convert", model, "--calibrate", "i.npy,l.npy", "--calibrate-n", "all", "-T", "16"];
const evaluateWords = [
  "evaluate",
  "a.snn.safetensors",
  "--data",
  "i.npy,l.npy",
  "--n",
  "12",
  "--at",
  "8,16",
  "--hash",
];

before(async () => {
  at = makeWorkplace();
  const { code, doc, err } = await callJson(at, ...convertWords, "-o", "a.snn.safetensors");
  assert.equal(code, 0, err);
  converted = doc;
  const evaluated = await callJson(at, ...evaluateWords, "--out", "whole", "--threads", "2");
  assert.equal(evaluated.code, 0, evaluated.err);
  whole = evaluated.doc.result;
});
after(() => rmSync(at, { recursive: true, force: true }));

/** What must not depend on threads, batches, shards and resuming. */
function invariant(folder: string): unknown {
  const { run: _, ...rest } = JSON.parse(readFileSync(join(at, folder, "results.json"), "utf8"));
  return rest;
}

const keysOf = (value: unknown) => Object.keys(value as object);
function assertHas(value: unknown, names: string): void {
  for (const name of names.split(" ")) assert.ok(keysOf(value).includes(name), `${name} is there`);
}

test("convert gives the contract's result, and the same bytes a second time with one thread", async () => {
  const { schema, ok, result, timing } = converted;
  assert.deepEqual([schema, ok], ["respike.convert/1", true]);
  assert.ok((timing.seconds ?? 0) > 0);
  assertHas(result, "snn model preprocessing calibration passes layers options");
  assertHas(result.snn, "path sha256 bytes");
  assertHas(result.calibration, "data split n indicesSha256 lambda scope");
  const [[pass], [layer]] = [result.passes, result.layers] as [object[], object[]];
  assertHas(pass, "name preserves maxAbsDiff maxRelDiff tolerance images");
  assertHas(
    layer,
    "name neurons lambdaIn lambdaOut kappa threshold v0 number largestWeight deadChannels maxRate",
  );
  assert.deepEqual(
    (result.layers as { name: string }[]).map(({ name }) => name),
    ["conv1", "layer1.0.conv1", "layer1.0", "layer2.0.conv1", "layer2.0", "layer3.0.conv1", "layer3.0"],
  );
  const again = await call(at, ...convertWords, "-o", "again.snn.safetensors", "--threads", "1");
  assert.equal(again.code, 0, again.err);
  const bytes = readFileSync(join(at, "a.snn.safetensors"));
  assert.deepEqual(readFileSync(join(at, "again.snn.safetensors")), bytes);
  await saveSnn(await loadSnn(bytes), join(at, "saved.snn.safetensors"));
  assert.deepEqual(readFileSync(join(at, "saved.snn.safetensors")), bytes);
});

test("evaluate gives the contract's result and run folder", () => {
  assertHas(whole, "complete data ann snn layers cost run options spikeHash");
  assertHas(whole.data, "name split n indicesSha256");
  assertHas(whole.ann, "correct n accuracy top5");
  const { snn, layers, cost } = whole as { snn: { T: number; at: object[] }; layers: object[]; cost: object };
  assert.equal(snn.T, 16);
  assertHas(
    snn.at[0],
    "t correct n accuracy top5 loss annOnly snnOnly lossCi95 spikes sopStructural sopEffective",
  );
  assertHas(
    layers[0],
    "name neurons spikes rate maxRate sopStructural sopEffective correlation meanAbsError saturated silent",
  );
  assertHas(
    cost,
    "neurons neuronUpdates firstLayerMacs firstLayerMacsAllSteps readoutOps annMacs annMacsPadded annMacsEffective energy",
  );
  assertHas(
    (cost as { energy: object[] }).energy[0],
    "convention unitsPJ annUJ annEffectiveUJ snnUJ snnFirstLayerEachStepUJ snnWithNeuronUpdatesUJ",
  );
  assertHas(whole.run, "backend threads number kernels imagesPerSecond");
  const files = readdirSync(join(at, "whole")).sort();
  for (const name of [
    "config.json",
    "results.json",
    "curve.csv",
    "layers.csv",
    "predictions.csv",
    "report.html",
  ])
    assert.ok(files.includes(name), name);
  assert.deepEqual(JSON.parse(readFileSync(join(at, "whole", "results.json"), "utf8")), whole);
  const [header, ...rows] = readFileSync(join(at, "whole", "predictions.csv"), "utf8")
    .trim()
    .split(/\r?\n/);
  assert.equal(header, "index,label,ann,t8,t16");
  assert.deepEqual(
    rows.map((row) => Number(row.split(",")[0])),
    Array.from({ length: 12 }, (_, index) => index),
  );
  const { flags } = JSON.parse(readFileSync(join(at, "whole", "config.json"), "utf8"));
  assert.deepEqual(
    [flags.T, flags.n, flags.split, flags.readout, flags.delay, flags.input, flags.backend, flags.seed],
    [16, 12, "test", "mean", 0, "current", "wasm", 0],
  );
  assert.doesNotMatch(
    readFileSync(join(at, "whole", "report.html"), "utf8"),
    /(src|href)="https?:|@import|url\(http/,
  );
});

test("one thread and another batch; the reference; three shards merged: the same results", async () => {
  const one = await call(at, ...evaluateWords, "--out", "one", "--threads", "1", "--batch", "5");
  assert.equal(one.code, 0, one.err);
  assert.deepEqual(invariant("one"), invariant("whole"));
  for (const index of [1, 2, 3]) {
    const { code, err } = await call(at, ...evaluateWords, "--shard", `${index}/3`, "--out", `part${index}`);
    assert.equal(code, 0, err);
  }
  const merged = await call(at, "merge", "part3", "part1", "part2", "--out", "merged");
  assert.equal(merged.code, 0, merged.err);
  assert.deepEqual(invariant("merged"), invariant("whole"));
  for (const name of ["predictions.csv", "curve.csv", "layers.csv"])
    assert.deepEqual(readFileSync(join(at, "merged", name)), readFileSync(join(at, "whole", name)));
  const missing = await call(at, "merge", "part3", "part1", "--out", "merged2");
  assert.equal(missing.code, 3);
  assert.equal(existsSync(join(at, "merged2")), false);
});

for (const [signal, code] of [
  ["SIGKILL", null],
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`${signal} in the midst, then --resume: the results of an undisturbed run`, async () => {
    const words = [...evaluateWords, "--n", "40", "-T", "100", "--at", "100"];
    if (!existsSync(join(at, "undisturbed"))) {
      const { code: done, err } = await call(at, ...words, "--out", "undisturbed");
      assert.equal(done, 0, err);
    }
    const { child, done } = start(at, [
      ...words,
      "--out",
      signal,
      "--threads",
      "1",
      "--batch",
      "2",
      "--json",
    ]);
    const progress = join(at, signal, "progress.jsonl");
    const watch = setInterval(() => {
      if (!existsSync(progress) || !readFileSync(progress, "utf8").includes("\n")) return;
      clearInterval(watch);
      child.kill(signal);
    }, 5);
    const stopped = await done;
    clearInterval(watch);
    assert.equal(stopped.code, code);
    if (code !== null) assert.equal((JSON.parse(stopped.out) as Envelope).schema, "respike.error/1");
    assert.equal(existsSync(join(at, signal, "results.json")), false);
    const other = await call(at, ...words, "--out", signal, "--resume", "--seed", "1");
    assert.equal(other.code, 2, "another seed is another run");
    const resumed = await call(at, ...words, "--out", signal, "--resume");
    assert.equal(resumed.code, 0, resumed.err);
    assert.deepEqual(invariant(signal), invariant("undisturbed"));
  });
}

test("flag over config over the SNN's own; existing outputs need --force; --max-loss without the network is refused", async () => {
  writeFileSync(join(at, "c.json"), JSON.stringify({ T: 4, n: 2, data: "i.npy,l.npy", noAnn: true }));
  const { code, doc, err } = await callJson(
    at,
    "evaluate",
    "a.snn.safetensors",
    "--config",
    "c.json",
    "-T",
    "3",
    "--out",
    "c",
  );
  assert.equal(code, 0, err);
  assert.equal((doc.result.snn as { T: number }).T, 3);
  assert.equal(doc.result.ann, null);
  const words = [
    "evaluate",
    "a.snn.safetensors",
    "--data",
    "i.npy,l.npy",
    "--n",
    "2",
    "-T",
    "3",
    "--out",
    "c",
  ];
  assert.equal((await call(at, ...words)).code, 2);
  assert.equal((await call(at, ...convertWords, "-o", "a.snn.safetensors")).code, 2);
  rmSync(join(at, "c"), { recursive: true });
  const unmeasured = await callJson(at, ...words, "--no-ann", "--max-loss", "0");
  assert.deepEqual([unmeasured.code, unmeasured.doc.errors[0]?.where], [2, "--max-loss"]);
  assert.equal(existsSync(join(at, "c")), false, "refused before anything is simulated");
});

test("run records spikes, potentials and currents as NumPy reads them", async () => {
  const record = ["--record", "spikes,potentials,currents", "--layers", "layer1.*", "-o", "r.npz"];
  const { code, doc, err } = await callJson(at, "run", "a.snn.safetensors", "one.npy", ...record);
  assert.equal(code, 0, err);
  const arrays = unzipSync(readFileSync(join(at, "r.npz")));
  assert.deepEqual(
    Object.keys(arrays).sort(),
    [
      ...["layer1.0", "layer1.0.conv1"].flatMap((name) =>
        ["currents", "potentials", "spikes"].map((kind) => `${name}/${kind}.npy`),
      ),
      "output.npy",
    ].sort(),
  );
  const spikes = parseNpy(arrays["layer1.0/spikes.npy"] as Uint8Array);
  assert.deepEqual([spikes.descr, spikes.shape], ["|i1", [16, 16, 28, 28]]);
  const sum = [...(spikes.data as Int8Array)].reduce((total, value) => total + Math.abs(value), 0);
  assert.equal((doc.result.spikes as Record<string, number>)["layer1.0"], sum);
  assert.deepEqual(parseNpy(arrays["output.npy"] as Uint8Array).shape, [16, 10]);
  assert.equal((doc.result.at as unknown[]).length, 16);
  assert.equal((await call(at, "run", "a.snn.safetensors", "one.npy", ...record)).code, 2);
});

test("inspect shows a model and an SNN with the contract's fields", async () => {
  for (const [file, kind] of [
    [model, "model"],
    ["a.snn.safetensors", "snn"],
  ] as const) {
    const { code, doc } = await callJson(at, "inspect", file);
    assert.equal(code, 0);
    assert.equal(doc.result.kind, kind);
    assertHas(doc.result, "kind format sha256 arch inputShape classes preprocessing totals nodes");
    assertHas(doc.result.totals, "parameters neurons annMacs annMacsPadded structuralFanOut");
    for (const node of doc.result.nodes as object[])
      assertHas(node, "name op inputs shape parameters status");
    if (kind === "model") continue;
    assert.deepEqual(doc.result.options, converted.result.options);
    assert.deepEqual(
      [doc.result.alphabet, doc.result.number],
      ["binary", (whole.run as { number: string }).number],
    );
    const { out } = await call(at, "inspect", file);
    assert.match(out, /^preset: +default\nmade for: +T = 16; other T fit too\nspikes: +binary\n/m);
  }
});

test("input that is refused exits 3, what the machine refuses 5; no trace of the stack, nothing left behind", async () => {
  const write = (name: string, shape: number[], data: Uint8Array | Float32Array | Int32Array) =>
    writeFileSync(join(at, name), encodeNpy(shape, data));
  write("three.npy", [40, 3, 28, 28], new Uint8Array(40 * 3 * 784));
  write(
    "labels11.npy",
    [40],
    Uint8Array.from({ length: 40 }, (_, index) => index % 11),
  );
  write("large.npy", [1, 28, 28], new Float32Array(784).fill(2));
  write("nan.npy", [1, 28, 28], new Float32Array(784).fill(Number.NaN));
  write("small.npy", [1, 27, 28], new Uint8Array(756));
  writeFileSync(join(at, "empty"), "");
  const snn = "a.snn.safetensors";
  const evaluate = ["evaluate", snn, "--out", "none", "--n", "2", "--data"];
  const cases: readonly (readonly [number, ...string[]])[] = [
    [3, "inspect", "empty"],
    [3, "inspect", "."],
    [3, "evaluate", model, "--out", "none"],
    [3, "convert", snn, "-o", "none.snn.safetensors"],
    [3, ...evaluate, "three.npy,l.npy"],
    [3, ...evaluate, "i.npy,labels11.npy"],
    [3, ...evaluate, "i.npy,missing.npy"],
    [3, ...evaluate, "i.npy,l.npy", "--input", "poisson"],
    [2, ...evaluate, "nosuch"],
    [2, ...evaluate, "i.npy,l.npy", "--readout", "count"],
    [2, ...evaluate, "i.npy,l.npy", "--at", "99"],
    [5, ...evaluate, "mnist", "--offline", "--cache-dir", "nocache"],
    [3, "run", snn, "large.npy"],
    [3, "run", snn, "nan.npy"],
    [3, "run", snn, "small.npy"],
    [2, "run", snn, "i.npy,l.npy:test:40"],
    [2, "run", snn, "i.npy,l.npy:tests:4"],
    [5, "run", snn, "one.npy", "--record", "spikes", "-o", "empty/r.npz"],
  ];
  for (const [code, ...words] of cases) {
    const found = await call(at, ...words);
    assert.equal(found.code, code, `${words.join(" ")}: ${found.err}`);
    assert.match(found.err, /^error: /m);
    assert.doesNotMatch(found.err, /\n\s+at /);
  }
  for (const name of ["none", "none.snn.safetensors"]) assert.equal(existsSync(join(at, name)), false, name);
});
