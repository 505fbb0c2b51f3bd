/**
 * The paths of affine nodes between a source and the neurons or output that it drives.
 *
 * Knows: sums split into operands, chains of one-input nodes. May not know: what the weights are.
 */
import { refuseInput } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import { type GraphNode, isOp } from "../graph/node-types.js";

/** One chain of affine nodes, in the order in which a value runs through them. */
export interface SynapsePath {
  /** Id of the input, relu, neuron or gate where it starts. */
  readonly source: string;
  readonly nodes: readonly GraphNode[];
}

/** A gate: a max pool that passes spikes, right behind neurons or another gate. */
export function isGateNode(graph: Graph, node: GraphNode): boolean {
  if (!isOp(node, "pool") || node.attributes.kind !== "max") return false;
  const before = graph.node(node.inputs[0] as string);
  return isOp(before, "neuron", "relu") || isGateNode(graph, before);
}

/** Max pools of currents between a sum and its neurons are looked through. */
export function currentOf(graph: Graph, id: string): string {
  const node = graph.node(id);
  const isCurrentPool = isOp(node, "pool") && node.attributes.kind === "max" && !isGateNode(graph, node);
  return isCurrentPool ? currentOf(graph, node.inputs[0] as string) : id;
}

/**
 * All paths that end at `id`, the input of a neuron or of the output; sums within sums are opened.
 *
 * @throws RespikeError (exit 3) where a path joins another within (a concatenation of currents)
 */
export function listPaths(graph: Graph, id: string): readonly SynapsePath[] {
  const start = currentOf(graph, id);
  const node = graph.node(start);
  if (isOp(node, "add")) return node.inputs.flatMap((input) => listPaths(graph, input));
  return [tracePath(graph, start)];
}

function tracePath(graph: Graph, id: string): SynapsePath {
  const nodes: GraphNode[] = [];
  let node = graph.node(id);
  while (!isOp(node, "input", "relu", "neuron") && !isGateNode(graph, node)) {
    if (node.inputs.length !== 1) {
      throw refuseInput({
        code: "cannot-convert",
        where: `${node.id} (${node.op})`,
        rule: "between neurons stand chains of nodes with one input, summed at the end",
        value: `${node.inputs.length} inputs in the middle`,
        next: "re-export the network with an activation there; this version has no step for it",
      });
    }
    nodes.unshift(node);
    node = graph.node(node.inputs[0] as string);
  }
  return { source: node.id, nodes };
}
