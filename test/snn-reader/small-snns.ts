/**
 * Small spiking networks that hold every op of the format once.
 *
 * Knows: graph/snn.ts. May not know: conversion.
 */
import { randomNormal, randomWord } from "#src/core/counter-random.js";
import { countElements, float32Tensor, makeTensor, type Tensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, NodeAttributes, NumberFormat, Refinement, Shape } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";

export interface SmallOptions {
  readonly number: NumberFormat;
  readonly lo?: number;
  readonly hi?: number;
  readonly reset?: "subtract" | "zero";
  readonly delay?: number;
  /** Without the two max pools then. */
  readonly refine?: Refinement;
}

const theta = 100;
let drawn = 0;

/** Integers of about ±`size`, or the same over θ in float32. */
function draw(number: NumberFormat, shape: readonly number[], size: number, shift = 0): Tensor {
  const seed = drawn++;
  const values = Array.from(
    { length: countElements(shape) },
    (_, at) => shift + (randomWord(11, seed, at) % (2 * size + 1)) - size,
  );
  if (number === "float32")
    return float32Tensor(
      shape,
      values.map((value) => value / theta),
    );
  return number === "int16"
    ? makeTensor("int16", shape, Int16Array.from(values))
    : makeTensor("int32", shape, Int32Array.from(values));
}

/** Like `draw`, int32 in every integer format, as thresholds, V(0) and currents are. */
const drawWide = (number: NumberFormat, shape: readonly number[], size: number, shift = 0) =>
  draw(number === "float32" ? "float32" : "int32", shape, size, shift);

const node = (value: unknown) => value as GraphNode;

function conv(
  id: string,
  from: string,
  weight: Tensor,
  change: Partial<NodeAttributes["conv"]> = {},
): GraphNode {
  const attributes = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1, ...change };
  return node({ id, op: "conv", inputs: [from], attributes, tensors: { weight } });
}

function neurons(id: string, from: string, shape: Shape, options: SmallOptions): GraphNode {
  const { number, lo = 0, hi = 1, reset = "subtract" } = options;
  const tensors = {
    threshold: drawWide(number, [shape[0]], 20, theta),
    v0: drawWide(number, id === "n1" ? [1] : [...shape], 5, theta / 2),
    current: drawWide(number, id === "n3" ? [shape[0]] : [...shape], 30, 10),
  };
  return node({
    id,
    op: "neuron",
    inputs: [from],
    attributes: { layer: id, lo, hi, reset, number, ...refinement(options) },
    tensors,
  });
}

const refinement = ({ refine }: SmallOptions) => (refine === undefined ? {} : { refine });

const simple = (id: string, op: string, inputs: string[], attributes: object = {}, tensors: object = {}) =>
  node({ id, op, inputs, attributes, tensors });

/** Neurons behind a window of 2×2, in a pool's place. */
const halve = (id: string, from: string, options: SmallOptions) => [
  conv(`${id}.conv`, from, draw(options.number, [4, 4, 2, 2], 60), { stride: [2, 2] }),
  neurons(id, `${id}.conv`, [4, 3, 3], options),
];

/** Image 2×6×6, five outputs: a gate, option A, concat and slice, groups, stride, a pool before neurons. */
export function makeSmallSnn(options: SmallOptions): Snn {
  drawn = 0;
  const { number, refine } = options;
  const refines = refine !== undefined;
  const every = { start: [0, 0, 0], stop: [4, 3, 3], step: [1, 2, 2] };
  const square = { kind: "max", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] };
  const nodes = [
    simple("image", "input", [], { shape: [2, 6, 6] }),
    conv("c1", "image", draw(number, [4, 2, 3, 3], 60), { padding: [1, 1, 1, 1] }),
    neurons("n1", "c1", [4, 6, 6], options),
    ...(refines ? halve("gate", "n1", options) : [simple("gate", "pool", ["n1"], square)]),
    conv("c2", "gate", draw(number, [8, 2, 3, 3], 60), { padding: [1, 1, 1, 1], stride: [2, 2], groups: 2 }),
    simple("every", "slice", ["gate"], every),
    simple("scaled", "affine", ["every"], {}, { scale: draw(number, [4], 30, 60) }),
    simple("wide", "pad", ["scaled"], { before: [2, 0, 0], after: [2, 0, 0] }),
    simple("sum", "add", ["c2", "wide"]),
    neurons("n2", "sum", [8, 2, 2], options),
    simple("both", "concat", ["n2", "every"]),
    conv("c3", "both", draw(number, refines ? [6, 12, 2, 2] : [6, 12, 1, 1], 60)),
    ...(refines ? [] : [simple("largest", "pool", ["c3"], square)]),
    neurons("n3", refines ? "c3" : "largest", [6, 1, 1], options),
    simple("flat", "flatten", ["n3"]),
    simple("fc", "linear", ["flat"], {}, { weight: draw(number, [5, 6], 60) }),
    simple("output", "output", ["fc"], { number, ...refinement(options) }, outputTensors(number)),
  ];
  return {
    graph: new Graph(nodes),
    network: makeNetwork(),
    layers: ["n1", ...(refines ? ["gate"] : []), "n2", "n3"].map((name) => ({
      name,
      activation: "r",
      lambda: [1.5],
      kappa: 1,
    })),
    preprocessing: { name: "unit", range: "0..1", mean: [0], std: [1] },
    options: { T: 24, readout: refines ? "final" : "mean", delay: options.delay ?? 0 },
    provenance: { command: ["convert", "small"], modelSha256: "00" },
  };
}

const outputTensors = (number: NumberFormat) => ({
  scale: float32Tensor([5], [2, 3, 5, 7, 11]),
  current: drawWide(number, [5], 20),
});

/** A float network of the same image and outputs. */
function makeNetwork(): Graph {
  const weights = (shape: readonly number[]) =>
    float32Tensor(
      shape,
      Float32Array.from({ length: countElements(shape) }, (_, at) => randomNormal(5, at)),
    );
  return new Graph([
    simple("image", "input", [], { shape: [2, 6, 6] }),
    conv("c", "image", weights([3, 2, 6, 6])),
    simple("r", "relu", ["c"], { layer: "c", max: null }),
    simple("fc", "linear", ["r"], {}, { weight: weights([5, 3]), bias: weights([5]) }),
  ]);
}
