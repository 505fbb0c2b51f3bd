/** Every field of the results against a plain computation from the simulator's raw counts. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, test } from "node:test";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { predictClass } from "#src/core/predict-class.js";
import type { Evaluation } from "#src/evaluation/accumulate.js";
import { countFanOuts } from "#src/evaluation/count-operations.js";
import { startChunkHandler } from "#src/evaluation/evaluate-chunk.js";
import { checkMaxLoss, evaluateSnn } from "#src/evaluation/evaluate-snn.js";
import { type EvaluationOptions, planEvaluation } from "#src/evaluation/evaluation-plan.js";
import { countPixelOperations } from "#src/evaluation/pixel-operations.js";
import { simulateImages, startSimulateHandler } from "#src/evaluation/simulate-images.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import { plainBackend } from "#src/inference/plain-backend.js";
import type { SimulationResult } from "#src/simulator/backend.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";
import { buildSmallSnn, smallImages } from "./residual-networks.js";

const n = 23;
const T = 20;
const at = [5, T];
const snn = buildSmallSnn();
const images = smallImages(n);
const runner = makeInlineRunner({ "evaluate-chunk": startChunkHandler, simulate: startSimulateHandler });
const pixels = preprocessPixels(images.pixels, 1, 64, snn.preprocessing);

const evaluate = (options: EvaluationOptions = {}) =>
  evaluateSnn(planEvaluation(snn, images, "small", { backend: "reference", at: [5], ...options }), runner);

let evaluation: Evaluation;
let raw: SimulationResult;
let values: Map<string, Float32Array>;

before(async () => {
  evaluation = await evaluate({ hash: true });
  const simulator = await referenceBackend.prepare(snn);
  raw = simulator.run({ images: pixels, n, steps: T, snapshots: at, readout: "mean", delay: 0 });
  const network = await plainBackend.prepare(snn.network);
  values = network.run(pixels, n, ["fc", "conv1.relu", "layer1.0.relu"]);
});

/** Counts of all images at the last time, image after image. */
function countsAt(layer: number, snapshot: number): number[] {
  const { counts } = raw.layers[layer] as SimulationResult["layers"][number];
  const size = counts.length / (n * at.length);
  return Array.from({ length: n }, (_, i) => [
    ...counts.subarray((i * at.length + snapshot) * size, (i * at.length + snapshot + 1) * size),
  ]).flat();
}
const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const near = (actual: number, expected: number, what: string) =>
  assert.ok(
    Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, by hand ${expected}`,
  );

test("accuracies, losses and pairs equal those counted from raw outputs", () => {
  const ann = Array.from({ length: n }, (_, i) =>
    predictClass((values.get("fc") as Float32Array).subarray(i * 6, i * 6 + 6)),
  );
  const { result, predictions } = evaluation;
  for (const [which, step] of result.snn.at.entries()) {
    const classes = Array.from({ length: n }, (_, i) =>
      predictClass(raw.outputs.subarray((i * 2 + which) * 6, (i * 2 + which + 1) * 6)),
    );
    const right = (list: readonly number[], i: number) => list[i] === images.labels[i];
    const all = Array.from({ length: n }, (_, i) => i);
    assert.equal(step.t, at[which]);
    assert.equal(step.correct, all.filter((i) => right(classes, i)).length);
    assert.equal(step.annOnly, all.filter((i) => right(ann, i) && !right(classes, i)).length);
    assert.equal(step.snnOnly, all.filter((i) => !right(ann, i) && right(classes, i)).length);
    near(step.loss as number, (result.ann?.accuracy as number) - step.accuracy, "loss");
    assert.deepEqual(
      predictions.map((row) => row.at[which]),
      classes,
    );
  }
  assert.deepEqual(
    predictions.map(({ index }) => index),
    Array.from({ length: n }, (_, i) => i),
  );
  assert.deepEqual(
    predictions.map((row) => row.ann),
    ann,
  );
});

test("spikes and operations equal Σ counts × fan-out, within 1e-9", () => {
  const fanOuts = [false, true].map((effective) => countFanOuts(snn.graph, { effective }));
  for (const [snapshot, step] of evaluation.result.snn.at.entries()) {
    let [spikes, structural, effective] = [0, 0, 0];
    for (const [layer, { name }] of raw.layers.entries()) {
      const size = fanOuts[0]?.get(name)?.length as number;
      for (const [index, count] of countsAt(layer, snapshot).entries()) {
        spikes += count;
        structural += count * (fanOuts[0]?.get(name)?.[index % size] as number);
        effective += count * (fanOuts[1]?.get(name)?.[index % size] as number);
      }
    }
    near(step.spikes, spikes / n, "spikes");
    near(step.sopStructural, structural / n, "sopStructural");
    near(step.sopEffective, effective / n, "sopEffective");
  }
  const readout = countFanOuts(snn.graph, { effective: true }).get("layer1.0") as Float64Array;
  const ops = countsAt(1, 1).reduce((sum, count, index) => sum + count * (readout[index % 128] as number), 0);
  near(evaluation.result.cost.readoutOps, ops / n, "readoutOps");
});

test("rates, correlation and error of layers equal their formulas, within 1e-9", () => {
  for (const [index, layer] of evaluation.result.layers.entries()) {
    const rates = countsAt(index, 1).map((count) => count / T);
    const wanted = Array.from(values.get(`${layer.name}.relu`) as Float32Array, (a) => Math.min(a, 1));
    const [mx, my] = [mean(rates), mean(wanted)];
    const cov = mean(rates.map((x, i) => (x - mx) * ((wanted[i] as number) - my)));
    const spread = mean(rates.map((x) => (x - mx) ** 2)) * mean(wanted.map((y) => (y - my) ** 2));
    near(layer.correlation as number, cov / Math.sqrt(spread), "correlation");
    near(
      layer.meanAbsError as number,
      mean(rates.map((x, i) => Math.abs(x - (wanted[i] as number)))),
      "error",
    );
    near(layer.rate, mx, "rate");
    near(layer.maxRate, Math.max(...rates), "maxRate");
    near(layer.silent, rates.filter((x) => x === 0).length / rates.length, "silent");
    near(layer.saturated, rates.filter((x) => x === 1).length / rates.length, "saturated");
    assert.ok((layer.correlation as number) > 0.5, "the small network does follow its activations");
  }
});

test("effective multiply-accumulates leave out zero activations and zero weights, counted one by one", () => {
  let macs = 0;
  const weightOf = (id: string) => snn.network.node(id).tensors.weight?.data as Float32Array;
  const conv = (
    input: Float32Array,
    [c, o, stride]: readonly [number, number, number],
    weight: Float32Array,
  ) => {
    const out = 8 / stride;
    for (let i = 0; i < n; i++)
      for (let k = 0; k < o * out * out * c * 9; k++) {
        const [tap, ch] = [k % 9, Math.floor(k / 9) % c];
        const place = Math.floor(k / (9 * c));
        const [x, y, k2] = [place % out, Math.floor(place / out) % out, Math.floor(place / (out * out))];
        const [iy, ix] = [y * stride - 1 + Math.floor(tap / 3), x * stride - 1 + (tap % 3)];
        if (iy < 0 || iy > 7 || ix < 0 || ix > 7) continue;
        const a = input[((i * c + ch) * 8 + iy) * 8 + ix];
        if (a !== 0 && weight[(k2 * c + ch) * 9 + tap] !== 0) macs++;
      }
  };
  conv(pixels, [1, 4, 1], weightOf("c1"));
  conv(values.get("conv1.relu") as Float32Array, [4, 8, 2], weightOf("c2"));
  const last = values.get("layer1.0.relu") as Float32Array;
  const fc = weightOf("fc");
  for (let i = 0; i < n * 128 * 6; i++)
    if (last[Math.floor(i / 6)] !== 0 && fc[(i % 6) * 128 + (Math.floor(i / 6) % 128)] !== 0) macs++;
  near(evaluation.result.cost.annMacsEffective as number, macs / n, "annMacsEffective");
});

test("energies follow the two conventions", () => {
  const { cost, snn: curve } = evaluation.result;
  const sop = curve.at[1]?.sopEffective as number;
  const [horowitz, neuromorphic] = cost.energy;
  assert.deepEqual(horowitz?.unitsPJ, { MAC: 4.6, AC: 0.9 });
  assert.deepEqual(neuromorphic?.unitsPJ, { FLOP: 12.5, SOP: 0.077 });
  near(horowitz?.snnUJ as number, (sop * 0.9 + cost.firstLayerMacs * 4.6) / 1e6, "snnUJ");
  near(horowitz?.annUJ as number, (cost.annMacs * 4.6) / 1e6, "annUJ");
  near(
    neuromorphic?.annEffectiveUJ as number,
    ((cost.annMacsEffective as number) * 12.5) / 1e6,
    "annEffectiveUJ",
  );
  near(
    neuromorphic?.snnFirstLayerEachStepUJ as number,
    (sop * 0.077 + cost.firstLayerMacs * T * 12.5) / 1e6,
    "each step",
  );
  near(
    neuromorphic?.snnWithNeuronUpdatesUJ as number,
    (neuromorphic?.snnUJ as number) + (cost.neurons * T * 0.077) / 1e6,
    "updates",
  );
});

test("spikeHash is SHA-256 over int32 counts by image, layer, C, H, W", () => {
  const hash = createHash("sha256");
  const [first, second] = [countsAt(0, 1), countsAt(1, 1)];
  for (let i = 0; i < n; i++) {
    hash.update(Int32Array.from(first.slice(i * 256, (i + 1) * 256)));
    hash.update(Int32Array.from(second.slice(i * 128, (i + 1) * 128)));
  }
  assert.equal(evaluation.result.spikeHash, hash.digest("hex"));
});

test("without the network everything about it is null; --max-loss then fails", async () => {
  const { result } = await evaluate({ ann: false });
  assert.equal(result.ann, null);
  assert.equal(result.cost.annMacsEffective, null);
  assert.deepEqual(
    result.snn.at.map(({ loss, annOnly, snnOnly, lossCi95 }) => [loss, annOnly, snnOnly, lossCi95]),
    [
      [null, null, null, null],
      [null, null, null, null],
    ],
  );
  assert.equal(checkMaxLoss(result, 100)?.exitCode, 4);
  assert.equal(checkMaxLoss(evaluation.result, 100), null);
});

test("poisson input draws by index: the same in any batch", async () => {
  const [one, many] = [
    await evaluate({ input: "poisson", batch: 1 }),
    await evaluate({ input: "poisson", batch: 7 }),
  ];
  assert.deepEqual({ ...one.result, run: null }, { ...many.result, run: null });
  assert.notDeepEqual(one.result.layers, evaluation.result.layers);
});

test("pixels that spike cost operations and no multiply-accumulates: those of always white ones are t × fan-out", async () => {
  const white = { ...images, pixels: new Uint8Array(images.pixels.length).fill(255) };
  const plan = planEvaluation(snn, white, "white", { backend: "reference", at: [5], T, input: "poisson" });
  const { result } = await evaluateSnn(plan, runner);
  const fanOut = (effective: boolean) =>
    (countFanOuts(snn.graph, { effective }).get("image") as Float64Array).reduce((a, b) => a + b, 0);
  const { layers, cost } = result;
  const last = result.snn.at.at(-1);
  const structural = layers.reduce((sum, layer) => sum + layer.sopStructural, 0);
  const effective = layers.reduce((sum, layer) => sum + layer.sopEffective, 0);
  near(last?.sopStructural as number, structural + T * fanOut(false), "structural");
  near(last?.sopEffective as number, effective + T * fanOut(true), "effective");
  assert.ok((result.snn.at[0]?.sopStructural as number) >= 5 * fanOut(false));
  assert.deepEqual([cost.firstLayerMacs, cost.firstLayerMacsAllSteps], [0, 0]);
  near(cost.energy[0]?.snnUJ as number, ((last?.sopEffective as number) * 0.9) / 1e6, "snnUJ");
});

test("an image's pixel spikes are counted until it stops", async () => {
  const table = new Map([["image", Float64Array.of(3, 5)]]);
  const tables = { structural: table, effective: table, readout: new Map(), layerOfGate: new Map() };
  const request = {
    input: "image",
    images: Float32Array.of(1, 0, 1, 1),
    seed: 1,
    indices: [4, 9],
    at: [2, 6],
  };
  const [early, late] = countPixelOperations(tables, { ...request, exitSteps: [2, 4] });
  assert.deepEqual(early, { structural: 2 * 3 + 2 * 8, effective: 2 * 3 + 2 * 8, readout: 0 });
  assert.deepEqual(late, { structural: 2 * 3 + 4 * 8, effective: 2 * 3 + 4 * 8, readout: 0 });
});

test("simulateImages gives predictions and largest rates", async () => {
  const options = { steps: T, backend: "reference", batch: 4 } as const;
  const simulated = await simulateImages(snn, pixels, runner, options);
  assert.deepEqual(
    [...simulated.predictions],
    evaluation.predictions.map((row) => row.at[1]),
  );
  for (const { name, maxRate } of evaluation.result.layers)
    assert.equal(simulated.maxRates.get(name), maxRate);
});

test("wrong images, labels and options are refused", () => {
  const plan = (set: Partial<typeof images>, options: EvaluationOptions = {}) =>
    planEvaluation(snn, { ...images, ...set }, "small", options);
  assert.throws(() => plan({ shape: [1, 4, 16] }), { exitCode: 3, code: "wrong-shape" });
  assert.throws(() => plan({ labels: images.labels.map(() => 6) }), { exitCode: 3, code: "wrong-label" });
  assert.throws(() => plan({ pixels: new Float32Array(n * 64).fill(Number.NaN) }), { code: "outside-range" });
  assert.throws(() => plan({ pixels: new Float32Array(n * 64).fill(1.5) }), { exitCode: 3 });
  assert.throws(() => plan({}, { n: n + 1 }), { exitCode: 2 });
  assert.throws(() => plan({}, { at: [21] }), { exitCode: 2 });
  assert.throws(() => plan({}, { shard: { index: 1, of: 24 } }), { exitCode: 2 });
  assert.throws(() => plan({}, { T: 65_001 }), { exitCode: 2 });
  assert.throws(() => plan({}, { readout: "count" }), { exitCode: 2 });
  assert.throws(() => plan({}, { delay: -1 }), { exitCode: 2 });
  assert.throws(() => plan({}, { T: 8, at: [8], delay: 8 }), { exitCode: 2, where: "--delay" });
  assert.doesNotThrow(() => plan({}, { T: 8, at: [8], delay: 7 }));
});

test("the WebAssembly simulator gives the same results as the reference in an integer format", async () => {
  const { result, predictions } = await evaluate({ backend: "wasm", hash: true });
  const without = (each: Evaluation) => ({ ...each.result, run: null, options: null });
  assert.deepEqual(without({ ...evaluation, result }), without(evaluation));
  assert.deepEqual(predictions, evaluation.predictions);
});
