/**
 * Where neurons will stand, and which value of the float network each layer's rate stands for.
 *
 * Knows: ReLUs, and what `--maxpool --avgpool --output` add to them. May not know: λ, weights.
 */
import type { Graph } from "../graph/graph.js";
import { type GraphNode, isOp, type NodeOf } from "../graph/node-types.js";
import { isPassing } from "./channel-routes.js";
import type { ConvertOptions } from "./convert-options.js";

export interface Activation {
  /** The layer's name. */
  readonly layer: string;
  /** Id of the relu that the neurons will take the place of. */
  readonly relu: string;
  /** Node of the float network whose value is λ·N/T. */
  readonly node: string;
  /** Why there is one: a relu of the network, or what an option adds. */
  readonly kind: "relu" | "average-pool" | "output";
}

type Placement = Pick<ConvertOptions, "maxpool" | "avgpool" | "output">;

/** All layers with neurons, in topological order of the network (folded, shortcuts lowered). */
export function listActivations(network: Graph, options: Placement): readonly Activation[] {
  const found: Activation[] = [];
  for (const node of network.nodes) {
    if (isOp(node, "relu")) {
      const pool = options.maxpool === "before" ? soleMaxPool(network, node) : undefined;
      found.push({ layer: node.attributes.layer, relu: node.id, node: pool?.id ?? node.id, kind: "relu" });
    } else if (options.avgpool === "neuron" && isPoolWithNeurons(network, node)) {
      found.push({ layer: node.id, relu: `${node.id}.relu`, node: node.id, kind: "average-pool" });
    }
  }
  const { output } = network;
  if (options.output === "neuron" && !found.some((each) => each.node === output.id)) {
    found.push({ layer: output.id, relu: `${output.id}.relu`, node: output.id, kind: "output" });
  }
  return found;
}

/** The max pool that alone reads a relu. */
export function soleMaxPool(graph: Graph, relu: NodeOf<"relu">): NodeOf<"pool"> | undefined {
  const readers = graph.consumers(relu.id);
  const [reader] = readers;
  if (readers.length !== 1 || reader === undefined || !isOp(reader, "pool")) return undefined;
  return reader.attributes.kind === "max" ? reader : undefined;
}

/** An average pool of activations on the way to weights; not one in a shortcut: no neuron stands between a branch and its sum. */
function isPoolWithNeurons(graph: Graph, node: GraphNode): boolean {
  return (
    isOp(node, "pool") &&
    node.attributes.kind === "average" &&
    comesFromActivations(graph, node) &&
    leadsToWeights(graph, node)
  );
}

function comesFromActivations(graph: Graph, node: GraphNode): boolean {
  return node.inputs.every((id) => {
    const before = graph.node(id);
    return isOp(before, "relu") || (isPassing(before) && comesFromActivations(graph, before));
  });
}

function leadsToWeights(graph: Graph, node: GraphNode): boolean {
  return graph
    .consumers(node.id)
    .every((after) =>
      isPassing(after) ? leadsToWeights(graph, after) : isOp(after, "conv", "linear", "affine"),
    );
}
