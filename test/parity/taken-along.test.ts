/** A binary shortcut of one word beside a 3×3 window over spikes of many planes: the WebAssembly backend against the reference. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomUnit } from "#src/core/counter-random.js";
import { makeTensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, Sides } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { nameAlphabet, type SpikeAlphabet } from "#src/graph/spike-alphabet.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { kernelNumbers } from "#src/simulator/wasm/memory/kernel-numbers.js";
import { defaultSpikeBudget } from "#src/simulator/wasm/running/network-room.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes, totalSpikes } from "./compare-backends.js";
import { makeRandomImages, wrapGraph } from "./make-random-snn.js";

const seed = 77;
const binary: SpikeAlphabet = { lo: 0, hi: 1 };

function whole(type: "int16" | "int32", shape: readonly number[], value: (i: number) => number) {
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.round(value(i)));
  if (type === "int32") return makeTensor("int32", shape, Int32Array.from(values));
  return makeTensor("int16", shape, Int16Array.from(values));
}

function conv(
  id: string,
  from: string,
  outputs: number,
  inputs: number,
  side: 1 | 3,
  size: number,
): GraphNode {
  const weight = whole(
    "int16",
    [outputs, inputs, side, side],
    (i) => size * (2 * randomUnit(seed, side, i) - 0.8),
  );
  const around = (side - 1) / 2;
  const padding: Sides = [around, around, around, around];
  const attributes = { stride: [1, 1], padding, dilation: [1, 1], groups: 1 } as const;
  return { id, op: "conv", inputs: [from], attributes, tensors: { weight } };
}

function neuron(id: string, from: string, channels: number, { lo, hi }: SpikeAlphabet): GraphNode {
  const tensors = {
    threshold: whole("int32", [1], () => 60),
    v0: whole("int32", [1], () => 30),
    current: whole("int32", [channels], (i) => 8 * randomUnit(seed, 5, i)),
  };
  const attributes = { layer: id, lo, hi, reset: "subtract", number: "int16" } as const;
  return { id, op: "neuron", inputs: [from], attributes, tensors };
}

/**
 * image → levels (3×3) and binary (1×1), both → sum: a 3×3 window over `channels` of many planes and a 1×1 shortcut.
 *
 * @param fromImage whether the shortcut comes from the image, which is binary where its pixels are spikes
 */
function makeNetwork(channels: number, alphabet: SpikeAlphabet, fromImage: boolean): Snn {
  const side = 7;
  const nodes: GraphNode[] = [
    { id: "image", op: "input", inputs: [], attributes: { shape: [3, side, side] }, tensors: {} },
    conv("levels.conv", "image", channels, 3, 3, 40),
    neuron("levels", "levels.conv", channels, alphabet),
    conv("binary.conv", "image", 16, 3, 1, 40),
    neuron("binary", "binary.conv", 16, binary),
    conv("sum.conv", "levels", 32, channels, 3, 4),
    fromImage ? conv("sum.side", "image", 32, 3, 1, 40) : conv("sum.side", "binary", 32, 16, 1, 40),
    { id: "sum.add", op: "add", inputs: ["sum.conv", "sum.side"], attributes: {}, tensors: {} },
    neuron("sum", "sum.add", 32, fromImage ? alphabet : binary),
    { id: "flat", op: "flatten", inputs: ["sum"], attributes: {}, tensors: {} },
    { id: "flat2", op: "flatten", inputs: ["binary"], attributes: {}, tensors: {} },
    linear("fc", "flat", 32 * side * side),
    linear("fc2", "flat2", 16 * side * side),
    { id: "logits", op: "add", inputs: ["fc", "fc2"], attributes: {}, tensors: {} },
    { id: "output", op: "output", inputs: ["logits"], attributes: { number: "int16" }, tensors: {} },
  ];
  return wrapGraph(new Graph(nodes));
}

function linear(id: string, from: string, inputs: number): GraphNode {
  const weight = whole("int16", [3, inputs], (i) => 10 * (2 * randomUnit(seed, 9, i) - 1));
  return { id, op: "linear", inputs: [from], attributes: {}, tensors: { weight } };
}

function requestOf(snn: Snn, poisson: boolean): SimulationRequest {
  const images = makeRandomImages(snn, 1, 3, poisson);
  const request = { images, n: 1, steps: 40, snapshots: [1, 8, 40], readout: "mean", delay: 0 } as const;
  return poisson ? { ...request, poisson: { seed, imageIndices: [0] } } : request;
}

test("after pixel spikes the simulator names the kernels of those, and after currents those of currents", async () => {
  const snn = makeNetwork(16, binary, true);
  const simulator = await makeWasmBackend().prepare(snn);
  const named = () => [simulator.kernels.levels, ...simulator.explain().map(({ kernel }) => kernel)];
  const currents = named();
  assert.equal(currents[0], "constant int32");
  simulator.run(requestOf(snn, true));
  const spikes = named();
  assert.match(spikes[0] ?? "", /int16$/);
  assert.equal(spikes[0], spikes[1]);
  simulator.run(requestOf(snn, false));
  assert.deepEqual(named(), currents);
});

const manyPlanes: readonly SpikeAlphabet[] = [
  { lo: 0, hi: 7 },
  { lo: -2, hi: 2 },
  { lo: -7, hi: 7 },
];

for (const alphabet of manyPlanes)
  for (const fromImage of [false, true])
    test(`${nameAlphabet(alphabet)} beside ${fromImage ? "pixel spikes" : "binary spikes"}: the same counts and outputs to the bit`, async () => {
      let calls = 0;
      for (const channels of [16, 32, 64]) {
        const snn = makeNetwork(channels, alphabet, fromImage);
        const request = requestOf(snn, fromImage);
        for (const prefer of [undefined, "table-12"] as const) {
          const backend = makeWasmBackend(defaultSpikeBudget, prefer);
          const place = `${channels} channels, ${prefer ?? "planned"}`;
          assert.ok(totalSpikes(await assertSameSpikes(backend, snn, request, place)) > 5_000, place);
          const simulator = await backend.prepare(snn);
          simulator.run(request);
          if (prefer === "table-12") calls += simulator.countCalls(kernelNumbers.rows);
        }
      }
      assert.ok(calls > 0, "tables of 12 for many planes never ran");
    });
