/**
 * How many layers of neurons a network will have, before any option adds some.
 *
 * Knows: ReLUs. May not know: options.
 */
import type { Graph } from "./graph.js";
import { isOp } from "./node-types.js";

/** ReLUs of a float network: 19 of ResNet-20. */
export function countActivations(graph: Graph): number {
  return graph.nodes.filter((node) => isOp(node, "relu")).length;
}
