/**
 * Ceilings that training gave the ReLUs of a network: where its neurons' largest rate belongs.
 *
 * Knows: the tensor `ceiling` of a relu. May not know: how it was trained, spikes.
 */
import type { Graph } from "./graph.js";
import { isOp } from "./node-types.js";

/** Relu → its ceiling, of the ReLUs that have one. A ReLU6 has a maximum and no ceiling: nobody trained it. */
export function readCeilings(graph: Graph): ReadonlyMap<string, number> {
  return new Map(
    graph.nodes.flatMap((node) => {
      const ceiling = isOp(node, "relu") ? node.tensors.ceiling?.data[0] : undefined;
      return ceiling === undefined ? [] : [[node.id, Number(ceiling)] as const];
    }),
  );
}

/** Whether every ReLU has one. */
export function hasCeilings(graph: Graph): boolean {
  const relus = graph.nodes.filter((node) => isOp(node, "relu"));
  return relus.length > 0 && readCeilings(graph).size === relus.length;
}

/** The same function with the ceilings as maxima alone. */
export function dropCeilings(graph: Graph): Graph {
  if (readCeilings(graph).size === 0) return graph;
  return graph.rewrite((node) => (isOp(node, "relu") ? { ...node, tensors: {} } : node));
}
