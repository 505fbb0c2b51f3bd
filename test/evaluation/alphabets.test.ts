/** Multi-level and negative spikes in results: Σ|s| as spikes and operations, N as rates, the alphabet by name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { makeTensor } from "#src/core/tensor.js";
import { countFanOuts } from "#src/evaluation/count-operations.js";
import { startChunkHandler } from "#src/evaluation/evaluate-chunk.js";
import { evaluateSnn } from "#src/evaluation/evaluate-snn.js";
import { planEvaluation } from "#src/evaluation/evaluation-plan.js";
import { countOperations, makeOperationTables } from "#src/evaluation/operation-tables.js";
import { writeCurve, writeLayers } from "#src/evaluation/result-tables.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import type { SimulationResult } from "#src/simulator/backend.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";
import { wrapGraph } from "../parity/make-random-snn.js";
import { buildSmallSnn, smallImages } from "./residual-networks.js";

const [n, T] = [7, 30];
const runner = makeInlineRunner({ "evaluate-chunk": startChunkHandler });

for (const [name, lo, hi] of [
  ["burst:3", 0, 3],
  ["signed", -1, 1],
  ["signed-burst:2", -2, 2],
] as const) {
  test(`${name}: spikes are Σ|s|, operations Σ|s| × fan-out, rates N/T, from recorded spikes`, async () => {
    const snn = buildSmallSnn({ lo, hi });
    const images = smallImages(n);
    const plan = planEvaluation(snn, images, "small", { backend: "reference", T, at: [5] });
    const { result } = await evaluateSnn(plan, runner);
    assert.equal(result.snn.alphabet, name);
    const layers = ["conv1", "layer1.0"];
    const simulator = await referenceBackend.prepare(snn);
    const raw = simulator.run({
      images: preprocessPixels(images.pixels, 1, 64, snn.preprocessing),
      n,
      steps: T,
      snapshots: [T],
      readout: "mean",
      delay: 0,
      record: { layers, spikes: true, potentials: false, currents: false },
    });
    const fanOuts = countFanOuts(snn.graph, { effective: true });
    let [spikes, operations, negative, multi] = [0, 0, 0, 0];
    for (const [at, layer] of layers.entries()) {
      const links = fanOuts.get(layer) as Float64Array;
      let [magnitude, sum] = [0, 0];
      for (const { layers: recorded } of raw.records ?? []) {
        for (const [i, s] of (recorded.get(layer)?.spikes ?? new Int8Array(0)).entries()) {
          assert.ok(s >= lo && s <= hi);
          magnitude += Math.abs(s);
          sum += s;
          operations += Math.abs(s) * (links[i % links.length] as number);
          if (s < 0) negative++;
          if (Math.abs(s) > 1) multi++;
        }
      }
      spikes += magnitude;
      assert.equal(result.layers[at]?.spikes, magnitude / n);
      near(result.layers[at]?.rate, sum / (n * links.length * T));
    }
    assert.ok(lo === 0 || negative > 20, `${negative} negative spikes`);
    assert.ok(hi === 1 || multi > 20, `${multi} spikes of size 2 and more`);
    near(result.snn.at[1]?.spikes, spikes / n);
    near(result.snn.at[1]?.sopEffective, operations / n);
  });
}

const near = (actual: number | undefined, expected: number) =>
  assert.ok(
    Math.abs((actual ?? Number.NaN) - expected) <= 1e-9 * Math.abs(expected),
    `${actual}, by hand ${expected}`,
  );

test("tables name the alphabet in every row", async () => {
  const options = { backend: "reference", T: 6, at: [], ann: false } as const;
  const plan = planEvaluation(buildSmallSnn({ lo: 0, hi: 3 }), smallImages(2), "small", options);
  const { result } = await evaluateSnn(plan, runner);
  for (const table of [writeCurve(result), writeLayers(result)]) {
    const [head, ...rows] = table.trim().split("\n");
    assert.match(head ?? "", /,alphabet$/);
    for (const row of rows) assert.match(row, /,burst:3$/);
  }
});

/** Two neurons 1×2 under a gate, which two neurons hear: what a gate sends is counted as its own |M(t) − M(t−1)|. */
test("a gate's operations are Σ|M(t) − M(t−1)| × its fan-out, by hand", async () => {
  const node = (value: unknown) => value as GraphNode;
  const whole = (shape: number[], values: number[]) => makeTensor("int16", shape, Int16Array.from(values));
  const wide = (values: number[]) => makeTensor("int32", [values.length], Int32Array.from(values));
  const plain = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
  const attributes = { lo: -1, hi: 1, reset: "subtract", number: "int16" };
  const graph = new Graph([
    node({ id: "image", op: "input", inputs: [], attributes: { shape: [1, 1, 2] }, tensors: {} }),
    node({
      id: "c",
      op: "conv",
      inputs: ["image"],
      attributes: plain,
      tensors: { weight: whole([1, 1, 1, 1], [10]) },
    }),
    node({
      id: "a",
      op: "neuron",
      inputs: ["c"],
      attributes: { ...attributes, layer: "a" },
      tensors: {
        threshold: wide([10]),
        v0: makeTensor("int32", [1, 1, 2], Int32Array.of(29, 15)),
        current: wide([0]),
      },
    }),
    node({
      id: "gate",
      op: "pool",
      inputs: ["a"],
      attributes: { kind: "max", kernel: [1, 2], stride: [1, 2], padding: [0, 0, 0, 0] },
      tensors: {},
    }),
    node({
      id: "d",
      op: "conv",
      inputs: ["gate"],
      attributes: plain,
      tensors: { weight: whole([2, 1, 1, 1], [3, 0]) },
    }),
    node({
      id: "b",
      op: "neuron",
      inputs: ["d"],
      attributes: { ...attributes, layer: "b" },
      tensors: { threshold: wide([100]), v0: wide([0]), current: wide([0, 0]) },
    }),
    node({
      id: "fc",
      op: "conv",
      inputs: ["b"],
      attributes: plain,
      tensors: { weight: whole([1, 2, 1, 1], [1, 1]) },
    }),
    node({ id: "output", op: "output", inputs: ["fc"], attributes: { number: "int16" }, tensors: {} }),
  ]);
  const snn = wrapGraph(graph);
  const simulator = await referenceBackend.prepare(snn);
  // Currents −8 a step. V: 21 → s 1, V 11 → 3 → s 0 → −5 → s −1, V 5 → −3 → N = 0, so nothing is taken back.
  // And: 7 → s 0, −1: N = 0 → nothing, ever. M: 1, 1, 0, 0, …: Σ|M(t) − M(t−1)| = 2.
  const record = { layers: ["a"], spikes: true, potentials: true, currents: false };
  const request = { n: 1, steps: 6, snapshots: [1, 3, 6], readout: "mean", delay: 0, record } as const;
  const result: SimulationResult = simulator.run({ ...request, images: Float32Array.of(-0.8, -0.8) });
  const spikes = result.records?.[0]?.layers.get("a")?.spikes ?? new Int8Array(0);
  assert.deepEqual([...spikes], [1, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0]);
  const [a] = result.layers;
  assert.deepEqual([...(a?.counts ?? [])], [1, 0, 0, 0, 0, 0]);
  assert.deepEqual([...(a?.magnitudes ?? [])], [1, 0, 2, 0, 2, 0]);
  const [gate] = result.gates;
  assert.deepEqual([...(gate?.counts ?? [])], [1, 0, 0]);
  assert.deepEqual([...(gate?.magnitudes ?? [])], [1, 2, 2]);
  const tables = makeOperationTables(snn);
  const counted = countOperations(tables, result, 1, 3, 2);
  // The gate joins 2 targets, one through a weight of 0; the neurons before it have no fan-out.
  assert.deepEqual(counted, {
    spikes: [2, 0],
    structural: [4, 0],
    effective: [2, 0],
    events: null,
    readoutOps: 0,
  });
});
