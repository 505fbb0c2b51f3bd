/**
 * Batch norm into the weights before it: W·γ/√(σ²+ε), b = β + (b − µ)·γ/√(σ²+ε).
 *
 * Knows: conv and linear with one reader, computed in float64 and rounded once.
 * May not know: spikes. Behind a projection it folds as anywhere; where no weights stand
 * before it, or others read them too, it becomes an `affine`.
 */
import { float32Tensor } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp, type NodeOf } from "../../graph/node-types.js";
import type { Pass } from "../pass.js";
import { readNumbers } from "../tensor-values.js";

type Weighted = NodeOf<"conv"> | NodeOf<"linear">;

export const foldBatchNorm: Pass = {
  name: "fold-batch-norm",
  preserves: () => "function",
  run(graph) {
    const folded = new Map<string, NodeOf<"batch-norm">>();
    const renamed = new Map<string, string>();
    for (const node of graph.nodes) {
      if (!isOp(node, "batch-norm")) continue;
      const before = weightedBefore(graph, node);
      if (before === undefined) continue;
      folded.set(before.id, node);
      renamed.set(node.id, before.id);
    }
    return graph.rewrite((node) => {
      if (renamed.has(node.id)) return [];
      if (isOp(node, "batch-norm")) return makeAffine(node);
      const norm = folded.get(node.id);
      return norm === undefined ? node : (foldInto(node as Weighted, norm) as GraphNode);
    }, renamed);
  },
};

function weightedBefore(graph: Graph, norm: NodeOf<"batch-norm">): Weighted | undefined {
  const before = graph.node(norm.inputs[0] as string);
  return isOp(before, "conv", "linear") && graph.consumers(before.id).length === 1 ? before : undefined;
}

/** γ/√(σ²+ε) and β − µ·γ/√(σ²+ε), float64. */
function normScale(norm: NodeOf<"batch-norm">) {
  const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map((name) =>
    readNumbers(norm, name),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const scale = gamma.map((g, c) => g / Math.sqrt((variance[c] as number) + norm.attributes.epsilon));
  const shift = beta.map((b, c) => b - (mean[c] as number) * (scale[c] as number));
  return { scale, shift };
}

function foldInto(node: Weighted, norm: NodeOf<"batch-norm">): Weighted {
  const { scale, shift } = normScale(norm);
  const weight = readNumbers(node, "weight");
  const bias = node.tensors.bias === undefined ? shift.map(() => 0) : readNumbers(node, "bias");
  const perOutput = weight.length / scale.length;
  const shape = node.tensors.weight?.shape ?? [];
  return {
    ...node,
    tensors: {
      weight: float32Tensor(
        shape,
        Float32Array.from(weight, (w, at) => w * (scale[Math.floor(at / perOutput)] as number)),
      ),
      bias: float32Tensor(
        [scale.length],
        Float32Array.from(bias, (b, c) => (shift[c] as number) + b * (scale[c] as number)),
      ),
    },
  };
}

function makeAffine(norm: NodeOf<"batch-norm">): GraphNode {
  const { scale, shift } = normScale(norm);
  const shape = [scale.length];
  const tensors = {
    scale: float32Tensor(shape, Float32Array.from(scale)),
    shift: float32Tensor(shape, Float32Array.from(shift)),
  };
  return { id: norm.id, op: "affine", inputs: norm.inputs, attributes: {}, tensors };
}
