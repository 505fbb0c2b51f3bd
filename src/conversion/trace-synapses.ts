/**
 * The weighted nodes that drive a layer of neurons or the output, and the sources behind them.
 *
 * Knows: sums, routing, max pools of a spiking graph. May not know: values of weights.
 */
import { refuseInput } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import { nodeProblem } from "../graph/node-rules.js";
import { type GraphNode, isOp } from "../graph/node-types.js";
import { isSource } from "../graph/spike-sources.js";
import { channelOrigins, isPassing } from "./channel-routes.js";
import { isWeighted, type WeightedNode } from "./scale-weights.js";

export interface Synapses {
  readonly node: WeightedNode;
  /** Output channel of the weighted node that each channel of the target receives; −1 for none. */
  readonly channels: Int32Array;
}

function inputOf(graph: Graph, node: GraphNode): GraphNode {
  return graph.node(node.inputs[0] as string);
}

/**
 * All synapses of a target, in the order of its sum's operands.
 *
 * @param target a neuron or output node; an output that reads neurons has none
 * @throws RespikeError (exit 3) where a path has no weighted node
 */
export function traceSynapses(graph: Graph, target: GraphNode): readonly Synapses[] {
  if (isOp(target, "output") && isOp(inputOf(graph, target), "neuron")) return [];
  return trace(graph, inputOf(graph, target), target);
}

function trace(graph: Graph, node: GraphNode, target: GraphNode): readonly Synapses[] {
  if (isWeighted(node)) {
    const [channels] = graph.shape(node.id);
    return [{ node, channels: Int32Array.from({ length: channels }, (_, c) => c) }];
  }
  if (isOp(node, "add")) return node.inputs.flatMap((id) => trace(graph, graph.node(id), target));
  if (!isPassing(node) || isSource(graph, node)) throw refusePath(node, target);
  const origins = channelOrigins(graph, node);
  return node.inputs.flatMap((id, which) =>
    trace(graph, graph.node(id), target).map((synapses) => ({
      ...synapses,
      channels: Int32Array.from(origins, (origin) =>
        origin?.which === which ? (synapses.channels[origin.channel] as number) : -1,
      ),
    })),
  );
}

export function refusePath(node: GraphNode, target: GraphNode) {
  return refuseInput({
    ...nodeProblem(
      node,
      "one weighted node stands between what sends spikes and what receives them",
      `on the way to ${target.id} there is none or more than one`,
      "insert activations between the weighted nodes, or merge them before exporting",
    ),
    code: "not-convertible",
  });
}

/** The sources that a value is routed from. */
export function traceSources(graph: Graph, id: string): readonly GraphNode[] {
  const node = graph.node(id);
  if (isSource(graph, node)) return [node];
  return [...new Set(node.inputs.flatMap((each) => traceSources(graph, each)))];
}

/** Layers with neurons and the output, in topological order. */
export function listTargets(graph: Graph): readonly Extract<GraphNode, { op: "neuron" | "output" }>[] {
  return graph.nodes.filter((node) => isOp(node, "neuron", "output"));
}
