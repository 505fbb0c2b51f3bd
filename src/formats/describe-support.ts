/**
 * What becomes of each node of a network in a spiking one.
 *
 * Knows: the table of node rules, and which nodes can stand between neurons.
 * May not know: how conversion does it, files.
 */
import type { Graph } from "../graph/graph.js";
import { nodeRules } from "../graph/node-rules.js";
import type { GraphNode } from "../graph/node-types.js";

/** `spikes`: neurons stand here; `linear`: runs on currents; `gate`: passes spikes or pools currents. */
export type SupportStatus = "spikes" | "linear" | "gate" | "refused";

export interface NodeSupport {
  readonly status: SupportStatus;
  /** Where refused: why, and what to do. */
  readonly reason?: string;
}

/**
 * The status of every node, by id. A network that can be converted has no `refused`.
 *
 * - `relu` (with or without an upper bound) becomes neurons, unless a node without weights leads it from the image.
 * - `pool` of kind max is a gate, and stands directly after or before a relu.
 * - everything affine is `linear`.
 */
export function describeSupport(graph: Graph): ReadonlyMap<string, NodeSupport> {
  return new Map(graph.nodes.map((node) => [node.id, supportNode(graph, node)] as const));
}

function supportNode(graph: Graph, node: GraphNode): NodeSupport {
  if (node.op === "neuron") return { status: "spikes" };
  if (node.op === "relu") return supportRelu(graph, node);
  if (node.op === "pool" && node.attributes.kind === "max") return supportMaxPool(graph, node);
  if (nodeRules[node.op].affine) return { status: "linear" };
  return { status: "refused", reason: `no rule turns ${(node as GraphNode).op} into spikes` };
}

/** Neurons need weights before them: a rate of pixels through a ReLU alone has no synapse to scale. */
function supportRelu(graph: Graph, relu: GraphNode): NodeSupport {
  const [source] = relu.inputs;
  const before = source === undefined ? undefined : graph.node(source);
  if (before?.op !== "relu") return { status: "spikes" };
  return {
    status: "refused",
    reason: `follows the relu ${before.id} with no weights between; remove one of them`,
  };
}

function supportMaxPool(graph: Graph, pool: GraphNode): NodeSupport {
  const isMaxPool = (node: GraphNode) => node.op === "pool" && node.attributes.kind === "max";
  const spikes = (node: GraphNode) => node.op === "relu" || node.op === "neuron";
  for (let before = graph.node(pool.inputs[0] as string); ; before = graph.node(before.inputs[0] as string)) {
    if (spikes(before)) return { status: "gate" };
    if (!isMaxPool(before)) break;
  }
  const consumers = graph.consumers(pool.id);
  if (consumers.length > 0 && consumers.every(spikes)) return { status: "gate" };
  return {
    status: "refused",
    reason: "a max pool stands directly after or directly before a ReLU; average pooling stands anywhere",
  };
}
