/**
 * Kernels against what the machine can load and add, in one process and one thread.
 *
 *   node dist-dev/bench/kernel-limits.js [--steps 320] [--rounds 9] [--rates 1,2,5,10] [--only limits|levels]
 *
 * The limit: 16-byte loads from the first cache, each added to a sum, in WebAssembly. A kernel's useful work: the 16-byte
 * pieces of weights (event list, scatter) or of table rows (tables) that it has to load and add; its share of the limit is
 * that work at the limit's speed over the layer's whole time, listing of spikes and neurons included. Layers are 3×3
 * convolutions in ResNet-20's shapes, whose sources are pixels that spike at random with the rate given. Limit and kernels
 * are measured by turns; a share is the median of those of the rounds, a time the median too. In brackets what the planner
 * reckons.
 *
 * Levels: the same layer behind neurons of several alphabets, which all hear the same currents: time a plane against that of
 * binary spikes, by turns too.
 */
import { parseArgs } from "node:util";
import { randomNormal } from "#src/core/counter-random.js";
import { makeTensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, Shape, Sides } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { parseAlphabet, type SpikeAlphabet } from "#src/graph/spike-alphabet.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import { loadKernels } from "#src/simulator/wasm/kernel-module.js";
import type { KernelFamily } from "#src/simulator/wasm/plan-kernels.js";
import { spikePlanes } from "#src/simulator/wasm/spike-layout.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { wrapGraph } from "../test/parity/make-random-snn.js";

const { values: flags } = parseArgs({
  options: {
    steps: { type: "string", default: "320" },
    rounds: { type: "string", default: "9" },
    rates: { type: "string", default: "1,2,5,10" },
    only: { type: "string" },
  },
});
const [steps, rounds] = [Number(flags.steps), Number(flags.rounds)];
const images = 8;

function addNeurons(
  nodes: GraphNode[],
  id: string,
  from: string,
  channels: number,
  theta: number,
  { lo, hi }: SpikeAlphabet,
) {
  const tensors = {
    threshold: makeTensor("int32", [1], Int32Array.of(theta)),
    v0: makeTensor("int32", [1], Int32Array.of(theta / 2)),
    current: makeTensor("int32", [channels], new Int32Array(channels)),
  };
  const attributes = { layer: id, lo, hi, reset: "subtract", number: "int16" } as const;
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

/** image → [1×1 → neurons of an alphabet →] 3×3 → neurons of the same → 10 classes */
function makeLayer([channels, height, width]: Shape, alphabet?: SpikeAlphabet): Snn {
  const attributes = { shape: [channels, height, width] as const };
  const nodes: GraphNode[] = [{ id: "image", op: "input", inputs: [], attributes, tensors: {} }];
  if (alphabet !== undefined) {
    addConv(nodes, "first.conv", "image", channels, 1);
    addNeurons(nodes, "first", "first.conv", channels, 400, alphabet);
  }
  addConv(nodes, "layer.conv", alphabet === undefined ? "image" : "first", channels, 3);
  addNeurons(nodes, "layer", "layer.conv", channels, 1_200, alphabet ?? { lo: 0, hi: 1 });
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

/** One layer's simulator and request. */
interface Measured {
  readonly name: string;
  /** µs of an image and step in the stage `layer`. */
  run(): number;
  /** What the planner reckons, µs. */
  readonly modelled: number | null;
  /** Σ|s| a neuron and step that the layer hears. */
  readonly rate: () => number;
}

async function prepareLayer(
  name: string,
  snn: Snn,
  prefer: KernelFamily,
  value: (i: number) => number,
  isPoisson: boolean,
): Promise<Measured> {
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
  let rate = 0;
  const run = () => {
    const before = simulator.readMilliseconds().get("layer") ?? 0;
    const { layers } = simulator.run(request);
    const spent = (simulator.readMilliseconds().get("layer") ?? 0) - before;
    const spikes = layers[0]?.magnitudes ?? layers[0]?.counts ?? new Int32Array(1);
    rate = spikes.reduce((sum, count) => sum + count, 0) / spikes.length / steps;
    return (spent * 1000) / images / steps;
  };
  const modelled = simulator.explain().find(({ layer }) => layer === "layer")?.modelledMicroseconds ?? null;
  return { name, run, modelled, rate: () => rate };
}

const { addFromCache } = await loadKernels();

/** 10⁹ loads and additions a second, now. */
function measureLimit(): number {
  const count = 400_000;
  let quickest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    addFromCache(65_536, count);
    quickest = Math.min(quickest, performance.now() - start);
  }
  return (8 * count) / quickest / 1e6;
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const shapes: readonly Shape[] = [
  [16, 32, 32],
  [32, 16, 16],
  [64, 8, 8],
];

/** Pieces of 16 bytes that a pixel's sums need. */
function piecesOf(family: KernelFamily, channels: number, rate: number): number {
  const registers = channels / 8;
  if (family === "table-12") return (channels / 16) * 12 * registers;
  if (family === "table-8") return channels * (9 / 8) * registers;
  return channels * 9 * rate * registers;
}

async function compareWithLimit(shape: Shape, rate: number): Promise<void> {
  const [channels, height, width] = shape;
  const families = ["table-12", "events", "scatter", "table-8"] as const;
  const layers = await Promise.all(
    families.map((family) => prepareLayer(family, makeLayer(shape), family, () => rate, true)),
  );
  for (const layer of layers) layer.run();
  const rows = layers.map(() => ({ times: [] as number[], shares: [] as number[] }));
  const limits: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [at, layer] of layers.entries()) {
      const before = measureLimit();
      const time = layer.run();
      const limit = (before + measureLimit()) / 2;
      limits.push(limit);
      const pieces = piecesOf(families[at] as KernelFamily, channels, rate) * height * width;
      rows[at]?.times.push(time);
      rows[at]?.shares.push(pieces / (time * limit * 1000));
    }
  }
  const texts = rows.map(
    ({ times, shares }, at) =>
      `${families[at]} ${median(times).toFixed(2)} µs, ${(100 * median(shares)).toFixed(0)} %`,
  );
  const place = `${channels} channels, ${height}×${width}, rate ${100 * rate} %`;
  console.log(`${place} (limit ${median(limits).toFixed(2)} · 10⁹/s): ${texts.join("; ")}`);
}

async function compareLevels(shape: Shape): Promise<void> {
  const family = shape[0] === 64 ? "events" : "table-12";
  const value = (i: number) => Math.abs(randomNormal(3, i)) / 2;
  const alphabets = ["binary", "burst:3", "signed", "signed-burst:3"].map((name) => ({
    name,
    alphabet: parseAlphabet(name) as SpikeAlphabet,
  }));
  const layers = await Promise.all(
    alphabets.map(({ name, alphabet }) =>
      prepareLayer(name, makeLayer(shape, alphabet), family, value, false),
    ),
  );
  for (const layer of layers) layer.run();
  const times = layers.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++)
    for (const [at, layer] of layers.entries()) times[at]?.push(layer.run());
  const [binary = []] = times;
  const texts = layers.map(({ name, rate }, at) => {
    const { lo, hi } = alphabets[at]?.alphabet ?? { lo: 0, hi: 1 };
    const planes = spikePlanes(lo, hi).length;
    const own = times[at] as number[];
    const ratio = median(own.map((time, round) => ((binary[round] as number) * planes) / time));
    const sent = `Σ|s| ${rate().toFixed(2)}`;
    return `${name} ${median(own).toFixed(2)} µs (${sent})${at === 0 ? "" : `, ${planes} planes at ${ratio.toFixed(2)}×`}`;
  });
  console.log(`${shape[0]} channels, ${family}: ${texts.join("; ")}`);
}

if (flags.only !== "levels") {
  for (const shape of shapes)
    for (const rate of flags.rates.split(",")) await compareWithLimit(shape, Number(rate) / 100);
}
if (flags.only !== "limits") for (const shape of shapes) await compareLevels(shape);
