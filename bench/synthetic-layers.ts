/**
 * Networks of one layer that is measured, in the shapes of ResNet-20, behind spikes of a known rate.
 *
 * Knows: graphs, the simulator's stages. May not know: what is compared with what.
 */
import { randomNormal } from "#src/core/counter-random.js";
import { makeTensor, type Tensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, NumberFormat, Shape, Sides } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import type { SpikeAlphabet } from "#src/graph/spike-alphabet.js";
import type { SimulationRequest } from "#src/simulator/backend.js";
import type { KernelFamily } from "#src/simulator/wasm/planning/plan-kernels.js";
import type { KernelExports } from "#src/simulator/wasm/running/kernel-module.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { wrapGraph } from "../test/parity/make-random-snn.js";

export const binary: SpikeAlphabet = { lo: 0, hi: 1 };
/** θ of the layer before, and of the layer. */
const thetas = { first: 400, layer: 1_200 };

export interface LayerOptions {
  /** Of the layer before and of the layer; binary by default. */
  readonly alphabet?: SpikeAlphabet;
  /** int16 by default. */
  readonly number?: NumberFormat;
  /** The layer before sends what the pixels do, and says that it fires with this rate; without, it mixes channels. */
  readonly rate?: number;
  /** A max pool before the layer's neurons, which makes it a list. */
  readonly isPooled?: boolean;
}

/** image → 1×1 → `first` → 3×3 [→ pool] → `layer` → 10 classes */
export function makeLayer(shape: Shape, options: LayerOptions = {}): Snn {
  const [channels, height, width] = shape;
  const { alphabet = binary, number = "int16", rate, isPooled = false } = options;
  const nodes: GraphNode[] = [
    { id: "image", op: "input", inputs: [], attributes: { shape: [channels, height, width] }, tensors: {} },
  ];
  const isSame = (to: number, from: number) => (to === from ? thetas.first : 0);
  const mix = (i: number) => Math.round(40 * randomNormal(1, i));
  const weight1 = (i: number) =>
    rate === undefined ? mix(i) : isSame(Math.floor(i / channels), i % channels);
  addConv(nodes, "first.conv", "image", [channels, channels, 1, 1], number, weight1);
  addNeurons(nodes, "first", "first.conv", channels, alphabet, number, rate);
  const weight3 = (i: number) => Math.round(40 * randomNormal(3, i));
  addConv(nodes, "layer.conv", "first", [channels, channels, 3, 3], number, weight3);
  if (isPooled) addPool(nodes, "layer.pool", "layer.conv");
  addNeurons(nodes, "layer", isPooled ? "layer.pool" : "layer.conv", channels, alphabet, number);
  nodes.push({ id: "flat", op: "flatten", inputs: ["layer"], attributes: {}, tensors: {} });
  const pixels = isPooled ? (height * width) / 4 : height * width;
  const weight = tensorOf(number, [10, channels * pixels], () => 0);
  nodes.push({ id: "fc", op: "linear", inputs: ["flat"], attributes: {}, tensors: { weight } });
  nodes.push({ id: "output", op: "output", inputs: ["fc"], attributes: { number }, tensors: {} });
  return wrapGraph(new Graph(nodes));
}

function tensorOf(number: NumberFormat, shape: readonly number[], value: (i: number) => number): Tensor {
  const length = shape.reduce((product, extent) => product * extent, 1);
  const values = Array.from({ length }, (_, i) => value(i));
  if (number === "int16") return makeTensor("int16", shape, Int16Array.from(values));
  if (number === "int32") return makeTensor("int32", shape, Int32Array.from(values));
  return makeTensor("float32", shape, Float32Array.from(values));
}

function addNeurons(
  nodes: GraphNode[],
  id: "first" | "layer",
  from: string,
  channels: number,
  { lo, hi }: SpikeAlphabet,
  number: NumberFormat,
  rate?: number,
) {
  const theta = thetas[id];
  const wide = number === "float32" ? "float32" : "int32";
  const tensors = {
    threshold: tensorOf(wide, [1], () => theta),
    v0: tensorOf(wide, [1], () => (rate === undefined ? theta / 2 : 0)),
    current: tensorOf(wide, [channels], () => 0),
  };
  const attributes = { layer: id, lo, hi, reset: "subtract", number, ...(rate && { rate }) } as const;
  nodes.push({ id, op: "neuron", inputs: [from], attributes, tensors });
}

function addConv(
  nodes: GraphNode[],
  id: string,
  from: string,
  shape: readonly [number, number, number, number],
  number: NumberFormat,
  value: (i: number) => number,
) {
  const around = (shape[2] - 1) / 2;
  const padding: Sides = [around, around, around, around];
  const attributes = { stride: [1, 1], padding, dilation: [1, 1], groups: 1 } as const;
  nodes.push({
    id,
    op: "conv",
    inputs: [from],
    attributes,
    tensors: { weight: tensorOf(number, shape, value) },
  });
}

function addPool(nodes: GraphNode[], id: string, from: string) {
  const attributes = { kind: "max", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
  nodes.push({ id, op: "pool", inputs: [from], attributes, tensors: {} });
}

/** A stage's simulator and request. */
export interface MeasuredStage {
  readonly kernel: string;
  /** µs of an image and step in the stage. */
  run(): number;
  /** The same of the last run's current kernels alone (where `alone` was asked for), run once more without neurons. */
  readonly currents: () => number;
  /** What the planner reckons, µs. */
  readonly modelled: number | null;
  /** Σ|s| a neuron and step that the layer hears. */
  readonly rate: () => number;
}

export interface MeasuredRun {
  readonly steps: number;
  readonly images: number;
  /** Pixel i of the images. */
  readonly value: (i: number) => number;
  /** Whether pixels are probabilities of spikes, not currents. */
  readonly isPoisson: boolean;
  readonly prefer?: KernelFamily;
  /** `layer` by default. */
  readonly stage?: "first" | "layer";
  /** Whether the layer's current kernels are timed alone, too. */
  readonly alone?: boolean;
}

/** Where the address of θ stands among the words of TileArguments. */
const thresholdWord = 13;

/** Runs the current kernels of `layer` once more behind each of its calls, and adds up their milliseconds. */
function watchCurrents(spent: { milliseconds: number }): (kernels: KernelExports) => KernelExports {
  return (kernels) => ({
    ...kernels,
    runTiles(tile) {
      kernels.runTiles(tile);
      const words = new Int32Array(kernels.memory.buffer);
      const threshold = words[tile / 4 + thresholdWord] as number;
      if (words[threshold / 4] !== thetas.layer) return;
      const before = performance.now();
      kernels.runCurrents(tile);
      spent.milliseconds += performance.now() - before;
    },
  });
}

export async function prepareStage(snn: Snn, run: MeasuredRun): Promise<MeasuredStage> {
  const { steps, images, value, isPoisson, stage = "layer" } = run;
  const alone = { milliseconds: 0 };
  const watch = run.alone === true ? watchCurrents(alone) : undefined;
  const simulator = await makeWasmBackend(undefined, run.prefer, watch).prepare(snn);
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
  const spent = () => simulator.readMilliseconds().get(stage) ?? 0;
  const explanation = simulator.explain().find(({ layer }) => layer === stage);
  return {
    kernel: explanation?.kernel ?? "unknown",
    run() {
      const before = spent();
      alone.milliseconds = 0;
      const { layers } = simulator.run(request);
      const spikes = layers[0]?.magnitudes ?? layers[0]?.counts ?? new Int32Array(1);
      rate = spikes.reduce((sum, count) => sum + count, 0) / spikes.length / steps;
      return ((spent() - before - alone.milliseconds) * 1000) / images / steps;
    },
    currents: () => (alone.milliseconds * 1000) / images / steps,
    modelled: explanation?.modelledMicroseconds ?? null,
    rate: () => rate,
  };
}
