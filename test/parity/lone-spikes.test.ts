/** A spike of −7 alone in its rows, of an alphabet with more planes of the negative than of the positive: tables of 12 and words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, Sides } from "#src/graph/node-types.js";
import type { SpikeAlphabet } from "#src/graph/spike-alphabet.js";
import { kernelNumbers } from "#src/simulator/wasm/memory/kernel-numbers.js";
import { defaultSpikeBudget } from "#src/simulator/wasm/running/network-room.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { assertSameSpikes } from "./compare-backends.js";
import { makeRandomImages, wrapGraph } from "./make-random-snn.js";

const channels = 16;

/** A square kernel between 16 channels; `weight` of input and output. */
function conv(
  id: string,
  from: string,
  side: 1 | 3,
  weight: (input: number, output: number) => number,
): GraphNode {
  const inputs = from === "image" ? 1 : channels;
  const data = Int16Array.from({ length: channels * inputs * side * side }, (_, at) => {
    const pair = Math.floor(at / (side * side));
    return weight(pair % inputs, Math.floor(pair / inputs));
  });
  const around = (side - 1) / 2;
  const padding: Sides = [around, around, around, around];
  const tensors = { weight: makeTensor("int16", [channels, inputs, side, side], data) };
  const attributes = { stride: [1, 1], padding, dilation: [1, 1], groups: 1 } as const;
  return { id, op: "conv", inputs: [from], attributes, tensors };
}

/** Neurons of θ = 90 whose first channel alone has a constant current. */
function neuron(id: string, from: string, { lo, hi }: SpikeAlphabet, current: number): GraphNode {
  const one = (value: number) => makeTensor("int32", [1], Int32Array.of(value));
  const currents = Int32Array.from({ length: channels }, (_, c) => (c === 0 ? current : 0));
  const tensors = { threshold: one(90), v0: one(0), current: makeTensor("int32", [channels], currents) };
  const attributes = { layer: id, lo, hi, reset: "subtract", number: "int16" } as const;
  return { id, op: "neuron", inputs: [from], attributes, tensors };
}

/** After nine steps `late` sends its first spike, and `lone`, which sent 1 in each, takes seven back at once. */
function makeNetwork(side: 1 | 3) {
  const linear = makeTensor(
    "int16",
    [2, channels * 9],
    Int16Array.from({ length: 2 * channels * 9 }, (_, i) => (i % 7) - 3),
  );
  return wrapGraph(
    new Graph([
      { id: "image", op: "input", inputs: [], attributes: { shape: [1, 3, 3] }, tensors: {} },
      conv("late.conv", "image", 1, () => 0),
      neuron("late", "late.conv", { lo: 0, hi: 1 }, 10),
      conv("lone.conv", "late", 1, (input, output) => (input === 0 && output === 0 ? -720 : 0)),
      neuron("lone", "lone.conv", { lo: -7, hi: 1 }, 90),
      conv("last.conv", "lone", side, (input, output) => (input + 1) * ((output % 5) - 2)),
      neuron("last", "last.conv", { lo: -7, hi: 7 }, 900),
      { id: "flat", op: "flatten", inputs: ["last"], attributes: {}, tensors: {} },
      { id: "fc", op: "linear", inputs: ["flat"], attributes: {}, tensors: { weight: linear } },
      { id: "output", op: "output", inputs: ["fc"], attributes: { number: "int16" }, tensors: {} },
    ] as GraphNode[]),
  );
}

for (const [side, prefer, counter] of [
  [3, "table-12", "rows"],
  [1, "table-8", "stackedWords"],
] as const)
  test(`through a ${side}×${side} window, ${prefer}: counts, V and outputs to the bit, and ${counter} ran`, async () => {
    const snn = makeNetwork(side);
    const backend = makeWasmBackend(defaultSpikeBudget, prefer);
    const images = makeRandomImages(snn, 1, 1);
    const steps = 12;
    const request = { images, n: 1, steps, snapshots: [8, 9, 10, steps], readout: "mean", delay: 0 } as const;
    const { layers } = await assertSameSpikes(backend, snn, request, `${side}×${side}`);
    const lone = layers.find(({ name }) => name === "lone");
    const at = (snapshot: number) => lone?.counts[snapshot * channels * 9];
    assert.deepEqual([at(0), at(1)], [8, 1], "the neuron takes seven back in step 9");
    const simulator = await backend.prepare(snn);
    simulator.run(request);
    assert.ok(simulator.countCalls(kernelNumbers[counter]) > 0);
  });
