/**
 * A graph as an ONNX model (opset 17), for a second opinion and for a peer to race against.
 *
 * Knows: the ONNX operators that say what each node type says.
 * May not know: any runtime.
 *
 * Values carry their node's id as name and have the shape [N,C,H,W].
 */
import { float32Tensor, type Tensor } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import type { GraphNode, NodeOf, Op, Shape } from "../graph/node-types.js";
import { toFloat32 } from "./dense-layout.js";
import {
  encodeOnnxModel,
  int64Vector,
  makeNode,
  makeTensor,
  makeValueInfo,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
} from "./onnx-model.js";

/** Where a node's ONNX nodes and tensors go. */
class Emission {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];

  constructor(readonly graph: Graph) {}

  /** Appends an ONNX node that computes `output` and gives its name. */
  emit(
    opType: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    this.nodes.push(makeNode(opType, inputs, [output], attributes));
    return output;
  }

  /** A float tensor, of another shape where given. */
  floats(name: string, tensor: Tensor, shape: readonly number[] = tensor.shape): string {
    this.initializers.push(makeTensor(name, float32Tensor(shape, toFloat32(tensor))));
    return name;
  }

  scalar(name: string, value: number): string {
    return this.floats(name, float32Tensor([], [value]));
  }

  integers(name: string, values: readonly number[]): string {
    this.initializers.push(int64Vector(name, values));
    return name;
  }
}

type Lower<O extends Op> = (node: NodeOf<O>, out: Emission, inputs: readonly string[], shape: Shape) => void;

const tensorOf = (node: GraphNode, name: string): Tensor => {
  const tensor = (node.tensors as Readonly<Record<string, Tensor>>)[name];
  if (tensor === undefined) throw new RangeError(`${node.id} lacks its tensor '${name}'`);
  return tensor;
};

/** [1], [C] or [C,H,W] as ONNX spreads it over [N,C,H,W]. */
const spread = (tensor: Tensor): readonly number[] =>
  tensor.shape.length === 3 ? [1, ...tensor.shape] : [1, tensor.data.length, 1, 1];

const lowerConv: Lower<"conv"> = (node, out, inputs) => {
  const { stride, padding, dilation, groups } = node.attributes;
  const names = [...inputs, out.floats(`${node.id}/weight`, tensorOf(node, "weight"))];
  if (node.tensors.bias !== undefined) names.push(out.floats(`${node.id}/bias`, node.tensors.bias));
  out.emit("Conv", names, node.id, {
    strides: { ints: stride },
    pads: { ints: padding },
    dilations: { ints: dilation },
    group: { int: groups },
  });
};

const lowerLinear: Lower<"linear"> = (node, out, inputs, shape) => {
  const flat = out.emit("Flatten", inputs, `${node.id}/flat`, { axis: { int: 1 } });
  const names = [flat, out.floats(`${node.id}/weight`, tensorOf(node, "weight"))];
  if (node.tensors.bias !== undefined) names.push(out.floats(`${node.id}/bias`, node.tensors.bias));
  const sum = out.emit("Gemm", names, `${node.id}/sum`, { transB: { int: 1 } });
  out.emit("Reshape", [sum, out.integers(`${node.id}/shape`, [-1, ...shape])], node.id);
};

const lowerBatchNorm: Lower<"batch-norm"> = (node, out, inputs) => {
  const names = ["gamma", "beta", "mean", "variance"].map((name) =>
    out.floats(`${node.id}/${name}`, tensorOf(node, name)),
  );
  const { epsilon } = node.attributes;
  out.emit("BatchNormalization", [...inputs, ...names], node.id, { epsilon: { float: epsilon } });
};

const lowerRelu: Lower<"relu"> = (node, out, inputs) => {
  const { max } = node.attributes;
  if (max === null) out.emit("Relu", inputs, node.id);
  else clip(out, inputs, node.id, 0, max);
};

function clip(out: Emission, inputs: readonly string[], id: string, low: number, high: number): void {
  const names = [...inputs, out.scalar(`${id}/low`, low), out.scalar(`${id}/high`, high)];
  out.emit("Clip", names, id);
}

/** ONNX wants every side's padding below the kernel's extent. */
function pool(
  out: Emission,
  inputs: readonly string[],
  id: string,
  { kind, kernel, stride, padding }: NodeOf<"pool">["attributes"],
): string {
  if (padding.some((side, at) => side >= (kernel[at % 2] as number))) {
    throw new RangeError(`${id}: ONNX has no pooling with padding [${padding}] of kernel [${kernel}]`);
  }
  return out.emit(kind === "max" ? "MaxPool" : "AveragePool", inputs, id, {
    kernel_shape: { ints: kernel },
    strides: { ints: stride },
    pads: { ints: padding },
  });
}

function pad(out: Emission, inputs: readonly string[], id: string, before: Shape, after: Shape): void {
  out.emit("Pad", [...inputs, out.integers(`${id}/pads`, [0, ...before, 0, ...after])], id);
}

function slice(
  out: Emission,
  inputs: readonly string[],
  id: string,
  { start, stop, step }: NodeOf<"slice">["attributes"],
): string {
  const names = [
    out.integers(`${id}/starts`, start),
    out.integers(`${id}/ends`, stop),
    out.integers(`${id}/axes`, [1, 2, 3]),
    out.integers(`${id}/steps`, step),
  ];
  return out.emit("Slice", [...inputs, ...names], id);
}

const lowerAffine: Lower<"affine"> = (node, out, inputs) => {
  const { scale, shift } = node.tensors;
  if (scale === undefined) throw new RangeError(`${node.id} lacks its scale`);
  const names = [...inputs, out.floats(`${node.id}/scale`, scale, spread(scale))];
  if (shift === undefined) {
    out.emit("Mul", names, node.id);
    return;
  }
  const product = out.emit("Mul", names, `${node.id}/product`);
  out.emit("Add", [product, out.floats(`${node.id}/shift`, shift, spread(shift))], node.id);
};

const lowerShortcut: Lower<"shortcut"> = (node, out, inputs, shape) => {
  const [channels, height, width] = out.graph.shape(node.inputs[0] ?? "");
  const half = `${node.id}/half`;
  if (node.attributes.kind === "A") {
    slice(out, inputs, half, { start: [0, 0, 0], stop: [channels, height, width], step: [1, 2, 2] });
  } else {
    pool(out, inputs, half, { kind: "average", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] });
  }
  const extra = (shape[0] - channels) / 2;
  pad(out, [half], node.id, [extra, 0, 0], [extra, 0, 0]);
};

/** (x + current)/divisor, where a node has them. */
function drive(
  node: GraphNode,
  out: Emission,
  inputs: readonly string[],
  divisor: Tensor | undefined,
  result: string,
): void {
  const { current } = node.tensors as Readonly<Record<string, Tensor>>;
  let [value = ""] = inputs;
  if (current !== undefined) {
    const names = [value, out.floats(`${node.id}/current`, current, spread(current))];
    value = out.emit("Add", names, `${node.id}/driven`);
  }
  if (divisor === undefined) out.emit("Identity", [value], result);
  else out.emit("Div", [value, out.floats(`${node.id}/divisor`, divisor, spread(divisor))], result);
}

const operators: { readonly [O in Op]: Lower<O> } = {
  input: () => {},
  conv: lowerConv,
  linear: lowerLinear,
  "batch-norm": lowerBatchNorm,
  relu: lowerRelu,
  add: (node, out, inputs) => out.emit("Sum", inputs, node.id),
  pool: (node, out, inputs) => pool(out, inputs, node.id, node.attributes),
  concat: (node, out, inputs) => out.emit("Concat", inputs, node.id, { axis: { int: 1 } }),
  pad: (node, out, inputs) => pad(out, inputs, node.id, node.attributes.before, node.attributes.after),
  slice: (node, out, inputs) => slice(out, inputs, node.id, node.attributes),
  affine: lowerAffine,
  flatten: (node, out, inputs, shape) =>
    out.emit("Reshape", [...inputs, out.integers(`${node.id}/shape`, [-1, ...shape])], node.id),
  shortcut: lowerShortcut,
  neuron: (node, out, inputs) => {
    drive(node, out, inputs, node.tensors.threshold, `${node.id}/rate`);
    clip(out, [`${node.id}/rate`], node.id, 0, node.attributes.hi);
  },
  output: (node, out, inputs) => drive(node, out, inputs, node.tensors.scale, node.id),
};

/**
 * The bytes of an ONNX model that computes the values of the nodes in `keep`, by their ids.
 *
 * @param keep ids of the outputs; the last node where left out
 * @throws RangeError for what ONNX cannot say: padding as wide as a pooling window
 */
export function lowerToOnnx(
  graph: Graph,
  keep: readonly string[] = [graph.output.id],
): Uint8Array<ArrayBuffer> {
  const out = new Emission(graph);
  for (const node of graph.nodes) {
    (operators[node.op] as Lower<Op>)(node as NodeOf<Op>, out, node.inputs, graph.shape(node.id));
  }
  return encodeOnnxModel({
    nodes: out.nodes,
    initializers: out.initializers,
    inputs: [makeValueInfo(graph.input.id, "float32", ["N", ...graph.input.attributes.shape])],
    outputs: keep.map((id) => makeValueInfo(id, "float32", ["N", ...graph.shape(id)])),
    opsets: [{ domain: "", version: 17 }],
  });
}
