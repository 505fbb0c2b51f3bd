/**
 * A weighted node with its channels scaled, in float64, rounded once to float32.
 *
 * Knows: where channels stand in the tensors of conv, linear and affine. May not know: why they are scaled.
 */
import { float32Tensor, type Tensor } from "../core/tensor.js";
import { type GraphNode, isOp, type NodeOf, type Shape } from "../graph/node-types.js";
import { readNumbers } from "./tensor-values.js";

export type WeightedNode = NodeOf<"conv"> | NodeOf<"linear"> | NodeOf<"affine">;

export function isWeighted(node: GraphNode): node is WeightedNode {
  return isOp(node, "conv", "linear", "affine");
}

/** Factor of a weight from input channel `i` to output channel `o`, or of the bias of `o`. */
export interface ChannelFactors {
  /** [input channels]; 1 where missing. */
  readonly input?: Float64Array | undefined;
  /** [output channels]; 1 where missing. */
  readonly output?: Float64Array | undefined;
  /** [output channels], of bias and shift; `output` where missing. */
  readonly bias?: Float64Array | undefined;
}

/** @param inputShape shape [C,H,W] of the node's input */
export function scaleWeights(node: WeightedNode, inputShape: Shape, factors: ChannelFactors): GraphNode {
  const { input, output, bias = output } = factors;
  const tensors: Record<string, Tensor> = {};
  const name = node.op === "affine" ? "scale" : "weight";
  const weight = readNumbers(node, name);
  const shape = node.tensors[name]?.shape ?? [];
  const channelsOf = locateChannels(node, inputShape, weight.length);
  tensors[name] = float32Tensor(
    shape,
    Float32Array.from(weight, (w, at) => {
      const [o, i] = channelsOf(at);
      return w * (input?.[i] ?? 1) * (output?.[o] ?? 1);
    }),
  );
  const constant = node.op === "affine" ? "shift" : "bias";
  if (node.tensors[constant] !== undefined) {
    const values = readNumbers(node, constant);
    tensors[constant] = float32Tensor(
      [values.length],
      Float32Array.from(values, (b, o) => b * (bias?.[o] ?? 1)),
    );
  }
  return { ...node, tensors } as GraphNode;
}

/** Output and input channel of a position in the weight. */
export function locateChannels(
  node: WeightedNode,
  inputShape: Shape,
  length: number,
): (at: number) => readonly [output: number, input: number] {
  if (node.op === "affine") return (at) => [at, at];
  const outputs = node.tensors.weight?.shape[0] ?? 1;
  const perOutput = length / outputs;
  if (node.op === "linear") {
    const area = inputShape[1] * inputShape[2];
    return (at) => [Math.floor(at / perOutput), Math.floor((at % perOutput) / area)];
  }
  const perGroup = node.tensors.weight?.shape[1] ?? 1;
  const area = perOutput / perGroup;
  const outputsPerGroup = outputs / node.attributes.groups;
  return (at) => {
    const o = Math.floor(at / perOutput);
    const group = Math.floor(o / outputsPerGroup);
    return [o, group * perGroup + Math.floor((at % perOutput) / area)];
  };
}
