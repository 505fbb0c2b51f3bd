/**
 * All biases between two layers become the constant current of the neurons, or of the output,
 * behind them: [C], or a map [C,H,W] where zero padding makes the border differ.
 *
 * Knows: constant-part.ts. May not know: thresholds, number formats.
 */
import { float32Tensor, type Tensor } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp } from "../../graph/node-types.js";
import { type ConstantPart, constantPart } from "../constant-part.js";
import type { Pass } from "../pass.js";
import { isWeighted } from "../scale-weights.js";

export const gatherCurrents: Pass = {
  name: "gather-currents",
  preserves: () => "function",
  run(graph) {
    const known = new Map<string, ConstantPart>();
    return graph.rewrite((node) => {
      if (isWeighted(node)) return withoutBias(node);
      if (!isOp(node, "neuron", "output") || node.tensors.current === undefined) return node;
      const current = makeCurrent(graph, node, constantPart(graph, node.inputs[0] as string, known));
      return { ...node, tensors: { ...node.tensors, current } } as GraphNode;
    });
  },
};

function withoutBias(node: GraphNode): GraphNode {
  const { bias: _, shift: __, ...tensors } = node.tensors;
  return { ...node, tensors } as GraphNode;
}

function makeCurrent(graph: Graph, node: GraphNode, { values, isUniform }: ConstantPart): Tensor {
  const shape = graph.shape(node.id);
  const area = shape[1] * shape[2];
  if (!isUniform) return float32Tensor(shape, Float32Array.from(values));
  return float32Tensor(
    [shape[0]],
    Float32Array.from({ length: shape[0] }, (_, c) => values[c * area] as number),
  );
}
