/**
 * Random small graphs that together hold every operator in many forms.
 *
 * Knows: the node types. May not know: any backend.
 */
import { randomNormal, randomUnit } from "#src/core/counter-random.js";
import { countElements, float32Tensor, makeTensor, type Tensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import type { GraphNode, Op, Shape } from "#src/graph/node-types.js";

/** A graph of one operator of interest behind an input, and what makes it special. */
export interface RandomGraph {
  readonly graph: Graph;
  readonly operator: string;
}

/** A stream of random choices. */
export class Dice {
  #drawn = 0;
  constructor(readonly seed: number) {}

  integer(low: number, high: number): number {
    return low + Math.floor(randomUnit(this.seed, this.#drawn++) * (high - low + 1));
  }
  coin(): boolean {
    return this.integer(0, 1) === 1;
  }
  normal(...shape: readonly number[]): Tensor {
    const at = this.#drawn++;
    return float32Tensor(
      shape,
      Float32Array.from({ length: countElements(shape) }, (_, index) => randomNormal(this.seed, at, index)),
    );
  }
  positive(...shape: readonly number[]): Tensor {
    const at = this.#drawn++;
    return float32Tensor(
      shape,
      Float32Array.from(
        { length: countElements(shape) },
        (_, index) => 0.2 + randomUnit(this.seed, at, index),
      ),
    );
  }
  integers(dtype: "int16" | "int32", ...shape: readonly number[]): Tensor {
    const at = this.#drawn++;
    const values = Array.from({ length: countElements(shape) }, (_, index) =>
      Math.round(100 * randomNormal(this.seed, at, index)),
    );
    return dtype === "int16"
      ? makeTensor("int16", shape, Int16Array.from(values))
      : makeTensor("int32", shape, Int32Array.from(values));
  }
}

function inputNode(shape: Shape): GraphNode {
  return { id: "input", op: "input", inputs: [], attributes: { shape }, tensors: {} };
}

function node(op: Op, attributes: object, tensors: Record<string, Tensor>, inputs = ["input"]): GraphNode {
  return { id: op, op, inputs, attributes, tensors } as unknown as GraphNode;
}

function randomConv(dice: Dice): RandomGraph {
  const form = dice.integer(0, 3);
  const groups = form === 0 ? dice.integer(2, 4) : form === 1 ? dice.integer(1, 9) : 1;
  const perGroup = form === 1 ? 1 : dice.integer(1, 9);
  const outputs = groups * (form === 1 ? 1 : dice.integer(1, 21));
  const shape: Shape = [groups * perGroup, dice.integer(5, 9), dice.integer(5, 9)];
  const kernel = [dice.integer(1, 3), dice.integer(1, 3)];
  const pads = () => dice.integer(0, 2);
  const integers = dice.integer(0, 3) === 0;
  const weightShape = [outputs, perGroup, ...kernel];
  const graph = new Graph([
    inputNode(shape),
    node(
      "conv",
      {
        stride: [dice.integer(1, 3), dice.integer(1, 2)],
        padding: [pads(), pads(), pads(), pads()],
        dilation: [dice.integer(1, 2), dice.integer(1, 2)],
        groups,
      },
      {
        weight: integers ? dice.integers("int16", ...weightShape) : dice.normal(...weightShape),
        ...(dice.coin() ? { bias: integers ? dice.integers("int32", outputs) : dice.normal(outputs) } : {}),
      },
    ),
  ]);
  return { graph, operator: `conv groups ${groups} [${weightShape}]` };
}

function randomShape(dice: Dice): Shape {
  return [dice.integer(1, 11), dice.integer(2, 7), dice.integer(2, 7)];
}

/** Graphs of a form's operator after an input of its shape. */
const forms: Record<string, (dice: Dice) => Graph> = {
  linear: (dice) => {
    const shape = randomShape(dice);
    const outputs = dice.integer(1, 21);
    const weight = dice.normal(outputs, countElements(shape));
    const bias = dice.normal(outputs);
    return new Graph([inputNode(shape), node("linear", {}, dice.coin() ? { weight, bias } : { weight })]);
  },
  "batch-norm": (dice) => {
    const shape = randomShape(dice);
    const [c] = shape;
    const tensors = {
      gamma: dice.normal(c),
      beta: dice.normal(c),
      mean: dice.normal(c),
      variance: dice.positive(c),
    };
    return new Graph([inputNode(shape), node("batch-norm", { epsilon: 1e-5 }, tensors)]);
  },
  relu: (dice) =>
    new Graph([inputNode(randomShape(dice)), node("relu", { layer: "a", max: dice.coin() ? 1 : null }, {})]),
  add: (dice) => {
    const shape = randomShape(dice);
    const half = { id: "half", op: "affine", inputs: ["input"], attributes: {} } as const;
    const scaled: GraphNode = { ...half, tensors: { scale: dice.normal(shape[0]) } };
    const inputs = dice.coin() ? ["input", "half"] : ["half", "input", "half"];
    return new Graph([inputNode(shape), scaled, node("add", {}, {}, inputs)]);
  },
  pool: (dice) => {
    const kernel = [dice.integer(1, 3), dice.integer(1, 3)];
    const pads = () => dice.integer(0, 2);
    const attributes = {
      kind: dice.coin() ? "max" : "average",
      kernel,
      stride: [dice.integer(1, 3), dice.integer(1, 3)],
      padding: [pads(), pads(), pads(), pads()],
    };
    return new Graph([inputNode([dice.integer(1, 9), 6, 7]), node("pool", attributes, {})]);
  },
  concat: (dice) => {
    const shape = randomShape(dice);
    const part = { id: "relu", op: "relu", inputs: ["input"], tensors: {} } as const;
    const rectified: GraphNode = { ...part, attributes: { layer: "a", max: null } };
    return new Graph([inputNode(shape), rectified, node("concat", {}, {}, ["relu", "input", "relu"])]);
  },
  pad: (dice) => {
    const sides = () => [dice.integer(0, 5), dice.integer(0, 2), dice.integer(0, 2)];
    return new Graph([inputNode(randomShape(dice)), node("pad", { before: sides(), after: sides() }, {})]);
  },
  slice: (dice) => {
    const shape = randomShape(dice);
    const start = shape.map((size) => dice.integer(0, size - 1));
    const attributes = {
      start,
      stop: shape.map((size, axis) => dice.integer((start[axis] ?? 0) + 1, size + 1)),
      step: shape.map(() => dice.integer(1, 3)),
    };
    return new Graph([inputNode(shape), node("slice", attributes, {})]);
  },
  affine: (dice) => {
    const shape = randomShape(dice);
    const scale = dice.normal(shape[0]);
    const tensors = dice.coin() ? { scale, shift: dice.normal(shape[0]) } : { scale };
    return new Graph([inputNode(shape), node("affine", {}, tensors)]);
  },
  flatten: (dice) => new Graph([inputNode(randomShape(dice)), node("flatten", {}, {})]),
  shortcut: (dice) => {
    const shape = randomShape(dice);
    const attributes = { kind: dice.coin() ? "A" : "avg", channels: shape[0] + 2 * dice.integer(0, 3) };
    return new Graph([inputNode(shape), node("shortcut", attributes, {})]);
  },
  neuron: (dice) => {
    const shape = randomShape(dice);
    const attributes = { layer: "a", lo: 0, hi: dice.integer(1, 3), reset: "subtract", number: "float32" };
    const tensors = {
      threshold: dice.coin() ? dice.positive(1) : dice.positive(shape[0]),
      v0: dice.normal(1),
      current: dice.coin() ? dice.normal(shape[0]) : dice.normal(...shape),
    };
    return new Graph([inputNode(shape), node("neuron", attributes, tensors)]);
  },
  output: (dice) => {
    const shape: Shape = [dice.integer(1, 11), 1, 1];
    const tensors = dice.coin() ? { scale: dice.positive(shape[0]), current: dice.normal(shape[0]) } : {};
    return new Graph([inputNode(shape), node("output", { number: "float32" }, tensors)]);
  },
};

/** `count` graphs of each operator. A draw that breaks a rule of the graph is drawn again. */
export function* randomGraphs(seed: number, count: number): Generator<RandomGraph> {
  const makers: Record<string, (dice: Dice) => RandomGraph> = { conv: randomConv };
  for (const [operator, make] of Object.entries(forms)) {
    makers[operator] = (dice) => ({ graph: make(dice), operator });
  }
  let draw = 0;
  for (const [operator, make] of Object.entries(makers)) {
    const wanted = operator === "conv" ? 8 * count : count;
    for (let made = 0; made < wanted; ) {
      const drawn = tryMake(make, new Dice(seed + 1000 * draw++));
      if (drawn === null) continue;
      made++;
      yield drawn;
    }
  }
}

function tryMake(make: (dice: Dice) => RandomGraph, dice: Dice): RandomGraph | null {
  try {
    return make(dice);
  } catch (error) {
    if (error instanceof Error && /window fits/.test(error.message)) return null;
    throw error;
  }
}

/** Standard normal images. */
export function normalImages(seed: number, n: number, shape: Shape): Float32Array {
  return new Dice(seed).normal(n, ...shape).data as Float32Array;
}
