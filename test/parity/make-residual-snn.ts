/** Spiking networks in the shape of the CIFAR ResNets, with random weights and thresholds set for a firing rate. */
import { randomNormal, randomUnit } from "#src/core/counter-random.js";
import { makeTensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, NumberFormat, Pair, Shape, Sides } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { wrapGraph } from "./make-random-snn.js";

interface Building {
  readonly nodes: GraphNode[];
  readonly number: NumberFormat;
  readonly thresholds: ReadonlyMap<string, number>;
}

function numbers(number: NumberFormat, shape: readonly number[], value: (i: number) => number, wide = false) {
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i));
  if (number === "float32") return makeTensor("float32", shape, new Float32Array(values));
  const rounded = values.map(Math.round);
  if (wide || number === "int32") return makeTensor("int32", shape, Int32Array.from(rounded));
  return makeTensor("int16", shape, Int16Array.from(rounded));
}

function addConv(
  b: Building,
  id: string,
  from: string,
  shape: readonly [number, number, number, number],
  stride: Pair,
): string {
  const side = (shape[2] - 1) / 2;
  const padding: Sides = [side, side, side, side];
  const seed = b.nodes.length;
  const weight = numbers(b.number, shape, (i) => 40 * randomNormal(seed, i));
  b.nodes.push({
    id,
    op: "conv",
    inputs: [from],
    attributes: { stride, padding, dilation: [1, 1], groups: 1 },
    tensors: { weight },
  });
  return id;
}

function addNeurons(b: Building, id: string, from: string, channels: number): string {
  const theta = b.thresholds.get(id) ?? 400;
  const tensors = {
    threshold: numbers(b.number, [1], () => theta, true),
    v0: numbers(b.number, [1], () => theta / 2, true),
    current: numbers(b.number, [channels], (c) => theta * 0.05 * randomUnit(c, b.nodes.length), true),
  };
  const attributes = { layer: id, lo: 0, hi: 1, reset: "subtract", number: b.number } as const;
  b.nodes.push({ id, op: "neuron", inputs: [from], attributes, tensors });
  return id;
}

function addBlock(b: Building, id: string, from: string, channels: number, outputs: number): string {
  const stride: Pair = channels === outputs ? [1, 1] : [2, 2];
  const first = addConv(b, `${id}.c1`, from, [outputs, channels, 3, 3], stride);
  const middle = addNeurons(b, `${id}.conv1`, first, outputs);
  const second = addConv(b, `${id}.c2`, middle, [outputs, outputs, 3, 3], [1, 1]);
  const side = addShortcut(b, id, from, channels, outputs);
  b.nodes.push({ id: `${id}.add`, op: "add", inputs: [second, side], attributes: {}, tensors: {} });
  return addNeurons(b, id, `${id}.add`, outputs);
}

/** Identity, or option A: every second pixel, zero channels half before and half after. */
function addShortcut(b: Building, id: string, from: string, channels: number, outputs: number): string {
  let tip = from;
  if (channels !== outputs) {
    const size = channels === 16 ? 32 : 16;
    const attributes = { start: [0, 0, 0], stop: [channels, size, size], step: [1, 2, 2] } as const;
    b.nodes.push({ id: `${id}.slice`, op: "slice", inputs: [tip], attributes, tensors: {} });
    tip = `${id}.slice`;
  }
  const scale = numbers(b.number, [channels], () => 300);
  b.nodes.push({ id: `${id}.scale`, op: "affine", inputs: [tip], attributes: {}, tensors: { scale } });
  if (channels === outputs) return `${id}.scale`;
  const half: Shape = [(outputs - channels) / 2, 0, 0];
  const attributes = { before: half, after: half };
  b.nodes.push({ id: `${id}.pad`, op: "pad", inputs: [`${id}.scale`], attributes, tensors: {} });
  return `${id}.pad`;
}

/** A network of 6·blocks + 2 layers: 16, 32 and 64 channels on 32², 16² and 8² pixels. */
function buildResidual(blocks: number, number: NumberFormat, thresholds: ReadonlyMap<string, number>): Snn {
  const nodes: GraphNode[] = [
    { id: "image", op: "input", inputs: [], attributes: { shape: [3, 32, 32] }, tensors: {} },
  ];
  const b: Building = { nodes, number, thresholds };
  let tip = addNeurons(b, "conv1", addConv(b, "c0", "image", [16, 3, 3, 3], [1, 1]), 16);
  let channels = 16;
  for (const [stage, outputs] of [16, 32, 64].entries()) {
    for (let block = 0; block < blocks; block++) {
      tip = addBlock(b, `layer${stage + 1}.${block}`, tip, channels, outputs);
      channels = outputs;
    }
  }
  nodes.push({ id: "flat", op: "flatten", inputs: [tip], attributes: {}, tensors: {} });
  const weight = numbers(number, [10, 4096], (i) => 40 * randomNormal(99, i));
  nodes.push({ id: "fc", op: "linear", inputs: ["flat"], attributes: {}, tensors: { weight } });
  nodes.push({ id: "output", op: "output", inputs: ["fc"], attributes: { number }, tensors: {} });
  return wrapGraph(new Graph(nodes));
}

/** @param rate wanted mean of N/T in every layer; thresholds are searched by simulation */
export async function makeResidualSnn(
  blocks: number,
  rate: number,
  number: NumberFormat = "int16",
  passes = 16 + 6 * blocks,
): Promise<Snn> {
  let thresholds = new Map<string, number>();
  let snn = buildResidual(blocks, number, thresholds);
  const images = residualImages(1);
  for (let pass = 0; pass < passes; pass++) {
    const simulator = await wasmBackend.prepare(snn);
    const { layers } = simulator.run({ images, n: 1, steps: 96, snapshots: [96], readout: "mean", delay: 0 });
    thresholds = new Map(
      layers.map(({ name, counts }) => {
        const measured = counts.reduce((sum, count) => sum + count, 0) / counts.length / 96;
        const change = Math.min(3, Math.max(0.3, (measured + 0.001) / rate));
        return [name, Math.max(8, Math.round((thresholds.get(name) ?? 400) * change ** 0.7))];
      }),
    );
    snn = buildResidual(blocks, number, thresholds);
  }
  return snn;
}

export function residualImages(n: number): Float32Array {
  return Float32Array.from({ length: n * 3072 }, (_, i) => randomUnit(5, i) * 2 - 0.5);
}
