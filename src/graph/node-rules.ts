/**
 * What each node type allows: one table, verified after every pass.
 *
 * Knows: arity, attributes, tensors and shape of every operator.
 * May not know: how values are computed, files, spikes over time.
 */
import type { Problem } from "../core/respike-error.js";
import type { Tensor } from "../core/tensor.js";
import type { GraphNode, NodeOf, Op, Pair, Shape, Sides } from "./node-types.js";

/** Reports one broken rule of the node at hand. */
export type Complain = (rule: string, value: string, next: string) => void;

export interface NodeRule<O extends Op> {
  /** Number of inputs: exactly, or at least that many for `many`. */
  readonly inputs: number | { readonly atLeast: number };
  /** Tensors that must be and may be there, by name. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Affine nodes may stand between neurons; the others may not. */
  readonly affine: boolean;
  /** Output shape; complains of everything that does not fit and gives null where no shape follows. */
  readonly shape: (node: NodeOf<O>, inputs: readonly Shape[], complain: Complain) => Shape | null;
}

const show = (values: readonly number[]) => `[${values.join(",")}]`;
const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const reexport = "check the model file or re-export it";

function expectTensor(
  tensor: Tensor | undefined,
  name: string,
  shapes: readonly (readonly number[])[],
  complain: Complain,
): void {
  if (tensor === undefined) return;
  const fits = shapes.some((shape) => show(shape) === show(tensor.shape));
  if (!fits) {
    complain(`tensor '${name}' has shape ${shapes.map(show).join(" or ")}`, show(tensor.shape), reexport);
  }
}

/** Output extent of a sliding window: ⌊(size + before + after − reach)/stride⌋ + 1. */
export function windowExtent(
  size: number,
  kernel: number,
  stride: number,
  before: number,
  after: number,
  dilation = 1,
): number {
  return Math.floor((size + before + after - (dilation * (kernel - 1) + 1)) / stride) + 1;
}

function windowShape(
  channels: number,
  [, height, width]: Shape,
  kernel: Pair,
  stride: Pair,
  [top, left, bottom, right]: Sides,
  dilation: Pair,
  complain: Complain,
): Shape | null {
  const outHeight = windowExtent(height, kernel[0], stride[0], top, bottom, dilation[0]);
  const outWidth = windowExtent(width, kernel[1], stride[1], left, right, dilation[1]);
  if (!(outHeight >= 1 && outWidth >= 1)) {
    complain(
      "the window fits into the padded input",
      `input ${height}×${width}, kernel ${kernel.join("×")}`,
      reexport,
    );
    return null;
  }
  return [channels, outHeight, outWidth];
}

function convShape(node: NodeOf<"conv">, [input]: readonly Shape[], complain: Complain): Shape | null {
  const weight = node.tensors.weight;
  const { stride, padding, dilation, groups } = node.attributes;
  if (input === undefined || weight === undefined) return null;
  const [outputs = 0, perGroup = 0, kernelHeight = 0, kernelWidth = 0] = weight.shape;
  if (weight.shape.length !== 4) {
    complain("the weight has four axes [O,I,kh,kw]", show(weight.shape), reexport);
    return null;
  }
  if (input[0] !== perGroup * groups || outputs % groups !== 0) {
    complain(
      "input channels = weight's second axis × groups, output channels a multiple of groups",
      `${input[0]} input channels, weight wants ${perGroup} × ${groups} group${groups === 1 ? "" : "s"}, ${outputs} output channels`,
      `re-export with groups = ${input[0] / Math.max(perGroup, 1)} or the right weight`,
    );
    return null;
  }
  expectTensor(node.tensors.bias, "bias", [[outputs]], complain);
  return windowShape(outputs, input, [kernelHeight, kernelWidth], stride, padding, dilation, complain);
}

function linearShape(node: NodeOf<"linear">, [input]: readonly Shape[], complain: Complain): Shape | null {
  const weight = node.tensors.weight;
  if (input === undefined || weight === undefined) return null;
  const [outputs = 0] = weight.shape;
  expectTensor(weight, "weight", [[outputs, product(input)]], complain);
  expectTensor(node.tensors.bias, "bias", [[outputs]], complain);
  return [outputs, 1, 1];
}

function perChannelShape(names: readonly string[]) {
  return (node: GraphNode, [input]: readonly Shape[], complain: Complain): Shape | null => {
    if (input === undefined) return null;
    for (const name of names) expectTensor(node.tensors[name], name, [[input[0]]], complain);
    return input;
  };
}

function reluShape(node: NodeOf<"relu">, [input]: readonly Shape[], complain: Complain): Shape | null {
  const { ceiling } = node.tensors;
  expectTensor(ceiling, "ceiling", [[1]], complain);
  if (ceiling !== undefined && ceiling.data[0] !== node.attributes.max) {
    const value = `${ceiling.data[0]} and ${node.attributes.max}`;
    complain("a trained ceiling is the ReLU's maximum", value, "set max to the ceiling");
  }
  return input ?? null;
}

function addShape(_: NodeOf<"add">, inputs: readonly Shape[], complain: Complain): Shape | null {
  const [first] = inputs;
  if (first === undefined) return null;
  if (inputs.some((shape) => show(shape) !== show(first))) {
    complain("all operands of a sum have one shape", inputs.map(show).join(" + "), reexport);
    return null;
  }
  return first;
}

/** Elements that all windows of a pool look at: bounds the work that a few bytes of a file can ask for. */
const mostWindowElements = 2 ** 32;

function poolShape(node: NodeOf<"pool">, [input]: readonly Shape[], complain: Complain): Shape | null {
  if (input === undefined) return null;
  const { kernel, stride, padding } = node.attributes;
  const shape = windowShape(input[0], input, kernel, stride, padding, [1, 1], complain);
  if (shape !== null && product(shape) * product(kernel) > mostWindowElements) {
    const value = `${show(shape)} windows of ${kernel.join("×")}`;
    complain(`a pool's windows have at most ${mostWindowElements} elements together`, value, reexport);
    return null;
  }
  return shape;
}

function concatShape(_: NodeOf<"concat">, inputs: readonly Shape[], complain: Complain): Shape | null {
  const [first] = inputs;
  if (first === undefined) return null;
  if (inputs.some((shape) => shape[1] !== first[1] || shape[2] !== first[2])) {
    complain(
      "all operands of a concatenation have one height and width",
      inputs.map(show).join(" "),
      reexport,
    );
    return null;
  }
  return [inputs.reduce((sum, shape) => sum + shape[0], 0), first[1], first[2]];
}

function padShape(node: NodeOf<"pad">, [input]: readonly Shape[]): Shape | null {
  if (input === undefined) return null;
  const { before, after } = node.attributes;
  return [input[0] + before[0] + after[0], input[1] + before[1] + after[1], input[2] + before[2] + after[2]];
}

function sliceShape(node: NodeOf<"slice">, [input]: readonly Shape[], complain: Complain): Shape | null {
  if (input === undefined) return null;
  const { start, stop, step } = node.attributes;
  const extents = input.map((size, axis) =>
    Math.ceil((Math.min(stop[axis] as number, size) - (start[axis] as number)) / (step[axis] as number)),
  );
  if (!extents.every((extent) => extent >= 1)) {
    complain(
      "a slice takes at least one element of each axis",
      `${show(start)} to ${show(stop)} of ${show(input)}`,
      reexport,
    );
    return null;
  }
  return extents as unknown as Shape;
}

function shortcutShape(
  node: NodeOf<"shortcut">,
  [input]: readonly Shape[],
  complain: Complain,
): Shape | null {
  if (input === undefined) return null;
  const extra = node.attributes.channels - input[0];
  if (extra < 0 || extra % 2 !== 0) {
    complain(
      "a shortcut without weights adds an even number of zero channels",
      `${input[0]} → ${node.attributes.channels}`,
      "use a projection (option B)",
    );
    return null;
  }
  const half = node.attributes.kind === "A" ? Math.ceil : Math.floor;
  return [node.attributes.channels, half(input[1] / 2), half(input[2] / 2)];
}

function neuronShape(node: NodeOf<"neuron">, [input]: readonly Shape[], complain: Complain): Shape | null {
  if (input === undefined) return null;
  const [channels] = input;
  const { lo, hi, refine, reset } = node.attributes;
  expectTensor(node.tensors.threshold, "threshold", [[1], [channels]], complain);
  expectTensor(node.tensors.v0, "v0", [[1], [channels], input], complain);
  expectTensor(node.tensors.current, "current", [[channels], input], complain);
  if (!(lo <= 0 && hi >= 1)) complain("lo ≤ 0 and hi ≥ 1", `[${lo}, ${hi}]`, "choose another alphabet");
  if (refine !== undefined && !(lo === -hi && hi <= 15)) {
    complain("neurons that refine send −g…g, g up to 15", `[${lo}, ${hi}]`, "choose another alphabet");
  }
  if (refine !== undefined && reset !== "subtract") {
    complain("neurons that refine are reset by subtraction", reset, "use reset subtract");
  }
  return input;
}

function outputShape(node: NodeOf<"output">, [input]: readonly Shape[], complain: Complain): Shape | null {
  if (input === undefined) return null;
  expectTensor(node.tensors.scale, "scale", [[input[0]]], complain);
  expectTensor(node.tensors.current, "current", [[input[0]]], complain);
  return input;
}

const none: readonly string[] = [];

/** The table. */
export const nodeRules: { readonly [O in Op]: NodeRule<O> } = {
  input: { inputs: 0, required: none, optional: none, affine: true, shape: (node) => node.attributes.shape },
  conv: { inputs: 1, required: ["weight"], optional: ["bias"], affine: true, shape: convShape },
  linear: { inputs: 1, required: ["weight"], optional: ["bias"], affine: true, shape: linearShape },
  "batch-norm": {
    inputs: 1,
    required: ["gamma", "beta", "mean", "variance"],
    optional: none,
    affine: true,
    shape: perChannelShape(["gamma", "beta", "mean", "variance"]),
  },
  relu: { inputs: 1, required: none, optional: ["ceiling"], affine: false, shape: reluShape },
  add: { inputs: { atLeast: 2 }, required: none, optional: none, affine: true, shape: addShape },
  pool: { inputs: 1, required: none, optional: none, affine: true, shape: poolShape },
  concat: { inputs: { atLeast: 1 }, required: none, optional: none, affine: true, shape: concatShape },
  pad: { inputs: 1, required: none, optional: none, affine: true, shape: padShape },
  slice: { inputs: 1, required: none, optional: none, affine: true, shape: sliceShape },
  affine: {
    inputs: 1,
    required: ["scale"],
    optional: ["shift"],
    affine: true,
    shape: perChannelShape(["scale", "shift"]),
  },
  flatten: {
    inputs: 1,
    required: none,
    optional: none,
    affine: true,
    shape: (_, [input]) => (input === undefined ? null : [product(input), 1, 1]),
  },
  shortcut: { inputs: 1, required: none, optional: none, affine: true, shape: shortcutShape },
  neuron: {
    inputs: 1,
    required: ["threshold", "v0", "current"],
    optional: none,
    affine: false,
    shape: neuronShape,
  },
  output: { inputs: 1, required: none, optional: ["scale", "current"], affine: true, shape: outputShape },
};

/** The rule of a node, with the node's own type forgotten. */
export function ruleOf(node: GraphNode): NodeRule<Op> {
  return nodeRules[node.op] as unknown as NodeRule<Op>;
}

/** Turns a broken rule of a node into a problem that names the place. */
export function nodeProblem(node: GraphNode, rule: string, value: string, next: string): Problem {
  return { code: "graph-rule", where: `${node.id} (${node.op})`, rule, value, next };
}
