/**
 * What sends values along synapses: the image, neurons, and gates behind them.
 *
 * Knows: max pools that pass spikes. May not know: synapses, counts.
 *
 * In a network that is not converted yet ReLUs stand where neurons will.
 */
import type { Graph } from "./graph.js";
import { type GraphNode, isOp, type NodeAttributes } from "./node-types.js";
import { nameAlphabet, type SpikeAlphabet } from "./spike-alphabet.js";

/** Gate → the neurons (or ReLU) whose spikes it passes; graphs never change, so each is looked at once. */
const gatesOfGraph = new WeakMap<Graph, ReadonlyMap<string, GraphNode>>();

function gatesOf(graph: Graph): ReadonlyMap<string, GraphNode> {
  const known = gatesOfGraph.get(graph);
  if (known !== undefined) return known;
  const gates = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    if (!isOp(node, "pool") || node.attributes.kind !== "max") continue;
    const before = graph.node(node.inputs[0] as string);
    const neurons = isOp(before, "neuron", "relu") ? before : gates.get(before.id);
    if (neurons !== undefined) gates.set(node.id, neurons);
  }
  gatesOfGraph.set(graph, gates);
  return gates;
}

/** A max pool directly behind neurons, or behind another gate. */
export function isGate(graph: Graph, node: GraphNode): boolean {
  return gatesOf(graph).has(node.id);
}

export function isSource(graph: Graph, node: GraphNode): boolean {
  return isOp(node, "input", "neuron", "relu") || isGate(graph, node);
}

/**
 * What a source may send in a step. A gate's M(t) − M(t−1) lies where its neurons' spikes lie: no count of its window
 * changes by less or more. The image sends 0 or 1 where its pixels are random spikes.
 */
export function sentAlphabet(graph: Graph, source: GraphNode): SpikeAlphabet {
  const sender = gatesOf(graph).get(source.id) ?? source;
  return isOp(sender, "neuron") ? { lo: sender.attributes.lo, hi: sender.attributes.hi } : { lo: 0, hi: 1 };
}

/** The alphabets of all layers: `binary`; several joined by `+`. */
export function nameAlphabets({ nodes }: Graph): string {
  const nameOf = ({ refine, ...alphabet }: NodeAttributes["neuron"]) =>
    refine === undefined ? nameAlphabet(alphabet) : `refine:${alphabet.hi}`;
  const names = nodes.flatMap((node) => (isOp(node, "neuron") ? [nameOf(node.attributes)] : []));
  return [...new Set(names)].sort().join("+") || "binary";
}

/** Whether the output reads counts of neurons; else it sums currents. */
export function readsNeurons(graph: Graph): boolean {
  return isOp(graph.node(graph.output.inputs[0] as string), "neuron");
}

/**
 * Number formats of all neurons, and of the output where it sums currents (one that reads counts holds no weights):
 * `int16`, `int16+int32`.
 */
export function nameNumberFormats(graph: Graph): string {
  const readsCounts = readsNeurons(graph);
  const formats = graph.nodes.flatMap((node) =>
    isOp(node, "neuron") || (isOp(node, "output") && !readsCounts) ? node.attributes.number : [],
  );
  return [...new Set(formats)].sort().join("+");
}
