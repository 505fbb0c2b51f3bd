/**
 * What sends values along synapses: the image, neurons, and gates behind them.
 *
 * Knows: max pools that pass spikes. May not know: synapses, counts.
 *
 * In a network that is not converted yet ReLUs stand where neurons will.
 */
import type { Graph } from "./graph.js";
import { type GraphNode, isOp } from "./node-types.js";

/** A max pool directly behind neurons, or behind another gate. */
export function isGate(graph: Graph, node: GraphNode): boolean {
  if (!isOp(node, "pool") || node.attributes.kind !== "max") return false;
  const before = graph.node(node.inputs[0] as string);
  return isOp(before, "neuron", "relu") || isGate(graph, before);
}

export function isSource(graph: Graph, node: GraphNode): boolean {
  return isOp(node, "input", "neuron", "relu") || isGate(graph, node);
}
