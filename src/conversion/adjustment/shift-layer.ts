/**
 * A layer of neurons with other constant currents or other initial potentials.
 *
 * Knows: the tensors of a neuron before numbers are rounded. May not know: why they change.
 */
import { float32Tensor } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import type { GraphNode } from "../../graph/node-types.js";
import { readNumbers } from "../tensor-values.js";

/** @param added to the current of each channel, [C], in units of λ a step */
export function shiftCurrents(graph: Graph, layer: string, added: Float64Array): Graph {
  return replaceTensor(graph, layer, "current", (node) => {
    const current = readNumbers(node, "current");
    const perChannel = current.length / added.length;
    const shape = node.tensors.current?.shape ?? [];
    const shifted = current.map((value, at) => value + (added[Math.floor(at / perChannel)] as number));
    return float32Tensor(shape, Float32Array.from(shifted));
  });
}

/** @param added to V(0) of each channel, [C], or of each neuron, [C·H·W], in units of θ */
export function shiftPotentials(graph: Graph, layer: string, added: Float64Array): Graph {
  const shape = graph.shape(layer);
  return replaceTensor(graph, layer, "v0", (node) => {
    const before = readNumbers(node, "v0");
    const [channels] = shape;
    const length = Math.max(added.length, before.length === 1 ? channels : before.length);
    const spread = (values: Float64Array, at: number) =>
      values[Math.floor((at * values.length) / length)] as number;
    const values = Float32Array.from({ length }, (_, at) => spread(before, at) + spread(added, at));
    return float32Tensor(length === channels ? [channels] : shape, values);
  });
}

function replaceTensor(
  graph: Graph,
  layer: string,
  name: "current" | "v0",
  make: (node: GraphNode) => ReturnType<typeof float32Tensor>,
): Graph {
  return graph.rewrite((node) =>
    node.id === layer ? ({ ...node, tensors: { ...node.tensors, [name]: make(node) } } as GraphNode) : node,
  );
}
