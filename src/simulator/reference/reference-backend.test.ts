/** Tiny networks counted by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RespikeError } from "../../core/respike-error.js";
import { makeTensor } from "../../core/tensor.js";
import { Graph } from "../../graph/graph.js";
import type { GraphNode, NodeAttributes, Shape } from "../../graph/node-types.js";
import { type Preprocessing, preprocessingPresets } from "../../graph/preprocessing.js";
import type { Snn } from "../../graph/snn.js";
import type { SimulationRequest } from "../backend.js";
import { referenceBackend } from "./reference-backend.js";

const int16 = (shape: number[], values: number[]) => makeTensor("int16", shape, Int16Array.from(values));
const int32 = (shape: number[], values: number[]) => makeTensor("int32", shape, Int32Array.from(values));
const image = (shape: Shape): GraphNode => ({
  id: "image",
  op: "input",
  inputs: [],
  attributes: { shape },
  tensors: {},
});

function conv(
  id: string,
  from: string,
  shape: number[],
  weights: number[],
  change: Partial<NodeAttributes["conv"]> = {},
): GraphNode {
  const attributes = {
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    groups: 1,
    ...change,
  } as const;
  return { id, op: "conv", inputs: [from], attributes, tensors: { weight: int16(shape, weights) } };
}
function neuron(
  id: string,
  from: string,
  theta: number,
  v0: number,
  current: number[],
  change: Partial<NodeAttributes["neuron"]> = {},
): GraphNode {
  const attributes = { layer: id, lo: 0, hi: 1, reset: "subtract", number: "int16", ...change } as const;
  const tensors = {
    threshold: int32([1], [theta]),
    v0: int32([1], [v0]),
    current: int32([current.length], current),
  };
  return { id, op: "neuron", inputs: [from], attributes, tensors };
}
const output = (from: string, tensors: GraphNode["tensors"] = {}): GraphNode => ({
  id: "output",
  op: "output",
  inputs: [from],
  attributes: { number: "int16" },
  tensors,
});

function snnOf(...nodes: GraphNode[]): Snn {
  const graph = new Graph(nodes);
  const preprocessing = preprocessingPresets.unit as Preprocessing;
  return { graph, network: graph, layers: [], preprocessing, options: {}, provenance: {} };
}

async function simulate(snn: Snn, images: number[], request: Partial<SimulationRequest> = {}) {
  const steps = request.steps ?? 10;
  const simulator = await referenceBackend.prepare(snn);
  return simulator.run({
    images: Float32Array.from(images),
    n: 1,
    steps,
    snapshots: [steps],
    readout: "mean",
    delay: 0,
    ...request,
  });
}

/** One pixel → weight 3 → neuron θ 10. */
const single = (change: Partial<NodeAttributes["neuron"]> = {}, weight = 3, v0 = 0) =>
  snnOf(
    image([1, 1, 1]),
    conv("conv", "image", [1, 1, 1, 1], [weight]),
    neuron("n", "conv", 10, v0, [0], change),
    conv("fc", "n", [1, 1, 1, 1], [7]),
    output("fc", { scale: makeTensor("float32", [1], new Float32Array([2])), current: int32([1], [1]) }),
  );
const traces = { layers: ["n"], spikes: true, potentials: true, currents: true };

test("3 a step against threshold 10 spikes in steps 4, 7 and 10, and again every 10 steps", async () => {
  const { layers, outputs, records } = await simulate(single(), [1], {
    steps: 10,
    snapshots: [3, 4, 10],
    record: traces,
  });
  assert.deepEqual([...(layers[0]?.counts ?? [])], [0, 1, 3]);
  const record = records?.[0];
  assert.deepEqual([...(record?.layers.get("n")?.spikes ?? [])], [0, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
  assert.deepEqual([...(record?.layers.get("n")?.potentials ?? [])], [3, 6, 9, 2, 5, 8, 1, 4, 7, 0]);
  assert.deepEqual([...(record?.layers.get("n")?.currents ?? [])], new Array(10).fill(3));
  assert.deepEqual([...(record?.output ?? [])].slice(2, 5), [0.5, 4, 0.5]);
  assert.deepEqual([...outputs], [3 / 3 / 2, (4 + 7) / 4 / 2, (10 + 21) / 10 / 2]);
});

test("delay leaves the first d steps out of the mean, and counts them while t ≤ d", async () => {
  const { outputs } = await simulate(single(), [1], { steps: 10, snapshots: [4, 6, 10], delay: 4 });
  assert.deepEqual([...outputs], [(4 + 7) / 8, 2 / 4, (6 + 14) / 12]);
});

test("reset to zero loses the surplus: 4 a step against 10 spikes every third step", async () => {
  const { layers } = await simulate(single({ reset: "zero" }, 4), [1], { steps: 10 });
  assert.deepEqual([...(layers[0]?.counts ?? [])], [3]);
});

test("burst sends up to hi spikes a step, the rest later", async () => {
  const record = { layers: ["n"], spikes: true, potentials: true, currents: false };
  const { records } = await simulate(single({ hi: 2 }, 35), [1], { steps: 3, record });
  assert.deepEqual([...(records?.[0]?.layers.get("n")?.spikes ?? [])], [2, 2, 2]);
  assert.deepEqual([...(records?.[0]?.layers.get("n")?.potentials ?? [])], [15, 30, 45]);
});

test("signed takes back only what was sent", async () => {
  const { records } = await simulate(single({ lo: -1 }, -4, 15), [1], { steps: 10, record: traces });
  assert.deepEqual([...(records?.[0]?.layers.get("n")?.spikes ?? [])], [1, -1, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...(records?.[0]?.layers.get("n")?.potentials ?? [])].slice(0, 4), [1, 7, 3, -1]);
});

test("signed bursts take back up to as many as were sent, lo at most", async () => {
  // V(0) = 65, −20 a step, θ 10, −3…3. t1: 45 → 4, sent 3, V 15. t2: −5 → −1, V 5, N 2. t3: −15 → −2, V 5, N 0. Then N = 0.
  const { records, layers } = await simulate(single({ lo: -3, hi: 3 }, -20, 65), [1], {
    steps: 5,
    snapshots: [1, 3, 5],
    record: traces,
  });
  assert.deepEqual([...(records?.[0]?.layers.get("n")?.spikes ?? [])], [3, -1, -2, 0, 0]);
  assert.deepEqual([...(records?.[0]?.layers.get("n")?.potentials ?? [])], [15, 5, 5, -15, -35]);
  assert.deepEqual([...(layers[0]?.counts ?? [])], [3, 0, 0]);
  assert.deepEqual([...(layers[0]?.magnitudes ?? [])], [3, 6, 6]);
});

test("reset to zero forgets what a burst or a negative spike left", async () => {
  // −2…2, θ 10, V(0) = 58, −14 a step. t1: 44 → 2, V 0. t2: −14 → −2, V 0, N 0. t3: −14, N 0 → 0, V −14.
  const { records } = await simulate(single({ lo: -2, hi: 2, reset: "zero" }, -14, 58), [1], {
    steps: 3,
    record: traces,
  });
  assert.deepEqual([...(records?.[0]?.layers.get("n")?.spikes ?? [])], [2, -2, 0]);
  assert.deepEqual([...(records?.[0]?.layers.get("n")?.potentials ?? [])], [0, 0, -14]);
});

test("counts of alphabets without negative spikes have no magnitudes of their own", async () => {
  const { layers } = await simulate(single({ hi: 3 }), [1], { steps: 3 });
  assert.equal(layers[0]?.magnitudes, undefined);
});

test("a pixel's current is ⌊(Σ w·⌊x·2¹⁶ + ½⌋ + 2¹⁵)/2¹⁶⌋", async () => {
  for (const [x, current] of [
    [0.5, 2],
    [-0.5, -1],
    [0.49, 1],
    [2.2, 7],
  ] as const) {
    const { records } = await simulate(single(), [x], { steps: 1, record: traces });
    assert.deepEqual([...(records?.[0]?.layers.get("n")?.currents ?? [])], [current], `x = ${x}`);
  }
});

test("borders and stride 2: a 3×3 image of ones under 3×3 ones counts its neighbours", async () => {
  const ones = new Array(9).fill(1);
  const net = (stride: number) =>
    snnOf(
      image([1, 3, 3]),
      conv("conv", "image", [1, 1, 3, 3], ones, { padding: [1, 1, 1, 1], stride: [stride, stride] }),
      neuron("n", "conv", 9, 0, [0]),
      conv("fc", "n", stride === 1 ? [1, 1, 3, 3] : [1, 1, 2, 2], stride === 1 ? ones : [1, 1, 1, 1]),
      output("fc"),
    );
  const plain = await simulate(net(1), ones, { steps: 9 });
  assert.deepEqual([...(plain.layers[0]?.counts ?? [])], [4, 6, 4, 6, 9, 6, 4, 6, 4]);
  const strided = await simulate(net(2), ones, { steps: 9 });
  assert.deepEqual([...(strided.layers[0]?.counts ?? [])], [4, 4, 4, 4]);
  assert.equal(plain.outputs[0], 49 / 9);
});

/** Two neurons side by side, each with its own rate, then a 1×2 max pool. */
const pair = (before: boolean, change: Partial<NodeAttributes["neuron"]> = {}) => {
  const pool: GraphNode = {
    id: "pool",
    op: "pool",
    inputs: [before ? "conv" : "n"],
    attributes: { kind: "max", kernel: [1, 2], stride: [1, 2], padding: [0, 0, 0, 0] },
    tensors: {},
  };
  const nodes = before
    ? [pool, neuron("n", "pool", 10, 0, [0], change)]
    : [
        neuron("n", "conv", 10, 0, [0], change),
        pool,
        conv("c2", "pool", [1, 1, 1, 1], [10]),
        neuron("m", "c2", 10, 0, [0], change),
      ];
  const last = before ? "n" : "m";
  return snnOf(
    image([1, 1, 2]),
    conv("conv", "image", [1, 1, 1, 1], [10]),
    ...nodes,
    conv("fc", last, [1, 1, 1, 1], [1]),
    output("fc"),
  );
};

test("a gate sends the largest count's increments: as many spikes as the faster neuron", async () => {
  const { layers, gates } = await simulate(pair(false), [0.3, 0.5], { steps: 10, snapshots: [2, 10] });
  assert.deepEqual([...(layers[0]?.counts ?? [])], [0, 1, 3, 5]);
  assert.deepEqual([...(gates[0]?.counts ?? [])], [1, 5]);
  assert.deepEqual([...(layers[1]?.counts ?? [])], [1, 5]);
});

test("a gate passes bursts: the increments of the leading neuron, each as large as the burst", async () => {
  // Currents 7 and 26, bursts of 3: counts 0, 1, 2, 2 and 2, 5, 7, 10 (26, 52, 78, 104 over 10).
  const { layers, gates } = await simulate(pair(false, { hi: 3 }), [0.7, 2.6], {
    steps: 4,
    snapshots: [1, 2, 3, 4],
  });
  assert.deepEqual([...(layers[0]?.counts ?? [])], [0, 2, 1, 5, 2, 7, 2, 10]);
  assert.deepEqual([...(gates[0]?.counts ?? [])], [2, 5, 7, 10]);
  assert.deepEqual([...(layers[1]?.counts ?? [])], [2, 5, 7, 10]);
});

test("a pool before the neuron sends the larger cumulative current", async () => {
  const { layers } = await simulate(pair(true), [0.3, 0.5], { steps: 10, snapshots: [1, 10] });
  assert.deepEqual([...(layers[0]?.counts ?? [])], [0, 5]);
});

test("poisson pixels of probability 1 spike every step, of 0 never; others are refused", async () => {
  const poisson = { seed: 1, imageIndices: [0] };
  const always = await simulate(single(), [1], { poisson });
  assert.deepEqual([...(always.layers[0]?.counts ?? [])], [3]);
  const never = await simulate(single(), [0], { poisson });
  assert.deepEqual([...(never.layers[0]?.counts ?? [])], [0]);
  await assert.rejects(
    simulate(single(), [1.5], { poisson }),
    (error) => error instanceof RespikeError && error.exitCode === 3,
  );
});

test("count+softmax: the count, and a softmax of V/θ that breaks ties", async () => {
  const snn = snnOf(
    image([1, 1, 1]),
    conv("conv", "image", [2, 1, 1, 1], [11, 14]),
    neuron("n", "conv", 10, 0, [0, 0]),
    output("n"),
  );
  const { outputs } = await simulate(snn, [1], { steps: 1, readout: "count+softmax" });
  const share = 1 / (1 + Math.exp(0.3));
  assert.ok(Math.abs((outputs[0] as number) - 1 - share) < 1e-12);
  assert.ok(Math.abs((outputs[1] as number) - 2 + share) < 1e-12);
  const counts = await simulate(snn, [1], { steps: 1, readout: "count" });
  assert.deepEqual([...counts.outputs], [1, 1]);
});

test("requests out of bounds are refused", async () => {
  const refused = (code: number) => (error: unknown) =>
    error instanceof RespikeError && error.exitCode === code;
  await assert.rejects(simulate(single(), [1], { steps: 65_001 }), refused(2));
  await assert.rejects(simulate(single({ number: "int32" }), [1], { steps: 4_001 }), refused(2));
  await assert.rejects(simulate(single(), [1], { steps: 4, snapshots: [2] }), refused(2));
  await assert.rejects(simulate(single(), [1], { readout: "count" }), refused(2));
  await assert.rejects(simulate(single(), [1], { record: { ...traces, layers: ["m"] } }), refused(2));
  await assert.rejects(simulate(single(), [Number.NaN]), refused(3));
  await assert.rejects(simulate(single(), [1, 2]), refused(3));
});

test("a graph that is not canonical is refused with all its problems", async () => {
  const snn = snnOf(
    image([1, 1, 1]),
    conv("conv", "image", [1, 1, 1, 1], [3]),
    conv("again", "conv", [1, 1, 1, 1], [3]),
    neuron("n", "again", 0, 0, [0]),
    conv("fc", "n", [1, 1, 1, 1], [7]),
    output("fc"),
  );
  await assert.rejects(referenceBackend.prepare(snn), (error) => {
    assert.ok(error instanceof RespikeError);
    return error.problems.some(({ code }) => code === "snn-not-canonical");
  });
});
