/**
 * Kernels against what the machine can load and add, in one process and one thread.
 *
 *   node dist-dev/bench/kernel-limits.js [--steps 320] [--rounds 7]
 *
 * The limit: 16-byte loads from the first cache, each added to a sum, in WebAssembly. A kernel's useful work: the 16-byte
 * pieces of weights (event list) or of table rows (tables of 12) that it has to load and add; its share of the limit is
 * that work at the limit's speed over the layer's whole time, listing of spikes and neurons included. Layers are 3×3
 * convolutions in ResNet-20's shapes, whose sources are pixels that spike at random with the rate given.
 *
 * Levels: the same layer behind neurons of `burst:3` (two planes) and of binary spikes, time a plane.
 */
import { parseArgs } from "node:util";
import { randomNormal } from "#src/core/counter-random.js";
import { makeTensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, Shape, Sides } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { loadKernels } from "#src/simulator/wasm/kernel-module.js";
import type { KernelFamily } from "#src/simulator/wasm/plan-kernels.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { wrapGraph } from "../test/parity/make-random-snn.js";

const { values: flags } = parseArgs({
  options: { steps: { type: "string", default: "320" }, rounds: { type: "string", default: "7" } },
});
const [steps, rounds] = [Number(flags.steps), Number(flags.rounds)];
const images = 8;

function addNeurons(
  nodes: GraphNode[],
  id: string,
  from: string,
  channels: number,
  theta: number,
  hi: number,
) {
  const tensors = {
    threshold: makeTensor("int32", [1], Int32Array.of(theta)),
    v0: makeTensor("int32", [1], Int32Array.of(theta / 2)),
    current: makeTensor("int32", [channels], new Int32Array(channels)),
  };
  const attributes = { layer: id, lo: 0, hi, reset: "subtract", number: "int16" } as const;
  nodes.push({ id, op: "neuron", inputs: [from], attributes, tensors });
}

function addConv(nodes: GraphNode[], id: string, from: string, channels: number, side: number) {
  const around = (side - 1) / 2;
  const padding: Sides = [around, around, around, around];
  const shape = [channels, channels, side, side];
  const values = Int16Array.from({ length: channels * channels * side * side }, (_, i) =>
    Math.round(40 * randomNormal(nodes.length, i)),
  );
  const attributes = { stride: [1, 1], padding, dilation: [1, 1], groups: 1 } as const;
  const tensors = { weight: makeTensor("int16", shape, values) };
  nodes.push({ id, op: "conv", inputs: [from], attributes, tensors });
}

/** image → [1×1 → neurons of 0…hi →] 3×3 → neurons → 10 classes */
function makeLayer([channels, height, width]: Shape, hi?: number): Snn {
  const attributes = { shape: [channels, height, width] as const };
  const nodes: GraphNode[] = [{ id: "image", op: "input", inputs: [], attributes, tensors: {} }];
  if (hi !== undefined) {
    addConv(nodes, "first.conv", "image", channels, 1);
    addNeurons(nodes, "first", "first.conv", channels, 400, hi);
  }
  addConv(nodes, "layer.conv", hi === undefined ? "image" : "first", channels, 3);
  addNeurons(nodes, "layer", "layer.conv", channels, 1_200, 1);
  nodes.push({ id: "flat", op: "flatten", inputs: ["layer"], attributes: {}, tensors: {} });
  const weight = makeTensor(
    "int16",
    [10, channels * height * width],
    new Int16Array(10 * channels * height * width),
  );
  nodes.push({ id: "fc", op: "linear", inputs: ["flat"], attributes: {}, tensors: { weight } });
  nodes.push({ id: "output", op: "output", inputs: ["fc"], attributes: { number: "int16" }, tensors: {} });
  return wrapGraph(new Graph(nodes));
}

/** Quickest of all rounds, µs of an image and step in the stage `layer`; rate of `first`. */
async function measureLayer(
  snn: Snn,
  prefer: KernelFamily,
  value: (i: number) => number,
  isPoisson: boolean,
) {
  const simulator = await makeWasmBackend(undefined, prefer).prepare(snn);
  const [c, h, w] = snn.graph.input.attributes.shape;
  const request: SimulationRequest = {
    images: Float32Array.from({ length: images * c * h * w }, (_, i) => value(i)),
    n: images,
    steps,
    snapshots: [steps],
    readout: "mean",
    delay: 0,
    poisson: isPoisson ? { seed: 1, imageIndices: Array.from({ length: images }, (_, i) => i) } : undefined,
  };
  let [quickest, rate] = [Number.POSITIVE_INFINITY, 0];
  for (let round = 0; round < rounds; round++) {
    const before = simulator.readMilliseconds().get("layer") ?? 0;
    const { layers } = simulator.run(request);
    const spent = (simulator.readMilliseconds().get("layer") ?? 0) - before;
    quickest = Math.min(quickest, (spent * 1000) / images / steps);
    const counts = layers[0]?.counts ?? new Int32Array(1);
    rate = counts.reduce((sum, count) => sum + count, 0) / counts.length / steps;
  }
  return { microseconds: quickest, rate };
}

/** 10⁹ loads and additions a second. */
async function measureLimit(): Promise<number> {
  const { addFromCache } = await loadKernels();
  const count = 1_000_000;
  let quickest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2 * rounds; round++) {
    const start = performance.now();
    addFromCache(65_536, count);
    quickest = Math.min(quickest, performance.now() - start);
  }
  return (8 * count) / quickest / 1e6;
}

const shapes: readonly Shape[] = [
  [16, 32, 32],
  [32, 16, 16],
  [64, 8, 8],
];
const limit = await measureLimit();
console.log(`limit: ${limit.toFixed(2)} · 10⁹ loads of 16 bytes and additions a second`);
for (const shape of shapes) {
  const [channels, height, width] = shape;
  const registers = channels / 8;
  for (const rate of [0.05, 0.1]) {
    const rows: string[] = [];
    for (const [family, perPixel] of [
      ["table-12", (channels / 16) * 12 * registers],
      ["events", channels * 9 * rate * registers],
    ] as const) {
      const { microseconds } = await measureLayer(makeLayer(shape), family, () => rate, true);
      const share = (perPixel * height * width) / (microseconds * limit * 1000);
      rows.push(`${family} ${microseconds.toFixed(2)} µs a step, ${(100 * share).toFixed(0)} % of the limit`);
    }
    console.log(`${channels} channels, ${height}×${width}, rate ${100 * rate} %: ${rows.join("; ")}`);
  }
}
for (const shape of shapes) {
  const family = shape[0] === 64 ? "events" : "table-12";
  const value = (i: number) => Math.abs(randomNormal(3, i));
  const binary = await measureLayer(makeLayer(shape, 1), family, value, false);
  const burst = await measureLayer(makeLayer(shape, 3), family, value, false);
  const ratio = binary.microseconds / (burst.microseconds / 2);
  console.log(
    `${shape[0]} channels, ${family}: binary ${binary.microseconds.toFixed(2)} µs (mean spike ${binary.rate.toFixed(2)}), burst:3 ${burst.microseconds.toFixed(2)} µs (${burst.rate.toFixed(2)}) in two planes: a plane at ${ratio.toFixed(2)}× the speed of binary`,
  );
}
