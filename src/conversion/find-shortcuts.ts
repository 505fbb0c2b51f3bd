/**
 * Which operands of a sum are shortcuts: those that start earlier than the others.
 *
 * Knows: the order of nodes. May not know: names of blocks.
 */
import type { Graph } from "../graph/graph.js";
import { type GraphNode, isOp } from "../graph/node-types.js";

/** Whether an activation's value starts here, or the image. */
export function isSource(node: GraphNode): boolean {
  return isOp(node, "input", "relu", "neuron");
}

/** Position of the latest source that a node's value depends on through affine nodes alone. */
function latestSource(graph: Graph, id: string): number {
  const node = graph.node(id);
  if (isSource(node)) return graph.nodes.indexOf(node);
  return Math.max(...node.inputs.map((input) => latestSource(graph, input)));
}

/** For each operand of a sum, whether it is a shortcut; where all start together none is. */
export function findShortcuts(graph: Graph, sum: GraphNode): readonly boolean[] {
  const starts = sum.inputs.map((id) => latestSource(graph, id));
  const latest = Math.max(...starts);
  return starts.map((start) => start < latest);
}
