/**
 * The tensors of a network that training changes, under the names PyTorch gives them.
 *
 * Knows: which tensors are trained and which are tracked, their names in files, where
 * they stand in the graph. May not know: gradients, the engine.
 *
 * A state is a map from name to a new array; nothing of the graph is changed.
 */
import { float32Tensor } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import type { GraphNode, NodeOf, Op } from "../graph/node-types.js";
import { findRule } from "./rules/rule-table.js";

export interface StateTensor {
  /** `layer1.0.bn1.running_var`. */
  readonly name: string;
  /** Trained by gradient descent, or tracked by the forward pass. */
  readonly kind: "trained" | "tracked";
  readonly shape: readonly number[];
}

/** Name → values, row-major. */
export type NetworkState = ReadonlyMap<string, Float32Array>;

const batchNormNames: Readonly<Record<string, string>> = {
  gamma: "weight",
  beta: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/** The name of a node's tensor in PyTorch's state dictionary. */
export function nameTensor(node: NodeOf<Op>, tensor: string): string {
  return `${node.id}.${node.op === "batch-norm" ? (batchNormNames[tensor] ?? tensor) : tensor}`;
}

function listNodeTensors(node: GraphNode): (StateTensor & { readonly tensor: string })[] {
  if (node.op === "input") return [];
  const rule = findRule(node);
  return (["trained", "tracked"] as const).flatMap((kind) =>
    rule[kind].flatMap((tensor) => {
      const value = node.tensors[tensor];
      return value === undefined
        ? []
        : [{ name: nameTensor(node, tensor), kind, shape: value.shape, tensor }];
    }),
  );
}

/** Every tensor that training changes, in the graph's order. */
export function listState(graph: Graph): readonly StateTensor[] {
  return graph.nodes.flatMap(listNodeTensors).map(({ name, kind, shape }) => ({ name, kind, shape }));
}

/** The network's present state, copied. */
export function readState(graph: Graph): Map<string, Float32Array> {
  return new Map(
    graph.nodes.flatMap((node) =>
      listNodeTensors(node).map(({ name, tensor }): [string, Float32Array] => [
        name,
        Float32Array.from(node.tensors[tensor]?.data as ArrayLike<number>),
      ]),
    ),
  );
}

/**
 * The network with the tensors of a state in place of its own.
 *
 * @throws RangeError where one is missing; RespikeError (exit 3) where the network is none with it: a value is no
 *   number, a ceiling is not above 0
 */
export function applyState(graph: Graph, state: NetworkState): Graph {
  return new Graph(
    graph.nodes.map((node) => {
      const entries = listNodeTensors(node).map(({ name, shape, tensor }) => {
        const values = state.get(name);
        if (values === undefined) throw new RangeError(`the state lacks '${name}'`);
        return [tensor, float32Tensor(shape, values.slice())] as const;
      });
      const tensors = { ...node.tensors, ...Object.fromEntries(entries) };
      const max = tensors.ceiling?.data[0];
      const attributes = max === undefined ? node.attributes : { ...node.attributes, max };
      return { ...node, attributes, tensors } as GraphNode;
    }),
  );
}
