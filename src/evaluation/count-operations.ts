/**
 * What a network costs by its graph alone: neurons, fan-outs and multiply-accumulates.
 *
 * Knows: the contract's counting rules (docs/counting.md). May not know: spikes, images, energies.
 *
 * Works on both graphs: in the float network the neurons stand where ReLUs do, in the spiking one they are
 * `neuron` nodes. Operations of spikes are counted on the spiking graph, multiply-accumulates on the float one.
 */
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import { type GraphNode, isOp, type NodeOf, type Shape } from "../graph/node-types.js";
import { isGate, isSource } from "../graph/spike-sources.js";
import { spreadBack } from "./spread-back.js";

/** Neuron, ReLU, gate or image → targets each of its elements is joined to, [C,H,W]. */
export type FanOuts = ReadonlyMap<string, Float64Array>;

export interface FanOutRequest {
  /** Leave out weights equal to 0. */
  readonly effective: boolean;
  /** Count only targets that are outputs (or the neurons an output reads). */
  readonly outputsOnly?: boolean;
}

/** Whether a node's elements are outputs: the output itself, or the neurons it reads. */
function isOutput(graph: Graph, node: GraphNode): boolean {
  if (node === graph.output) return true;
  return isOp(node, "neuron") && graph.consumers(node.id).some((reader) => isOp(reader, "output"));
}

/**
 * Pairs (source element, target) joined by a weight, for every source of the graph: through pooling, routing,
 * scaling and sums to the next neurons or outputs. A conv and a shortcut onto one target count two; what a gate
 * sends is the gate's, and the neurons before it have none for it.
 *
 * Where several affine nodes follow each other, windows that overlap in two of them count a pair once a path; in a
 * spiking graph exactly one weighted node stands between source and target, so that every pair is counted once.
 */
export function countFanOuts(graph: Graph, request: FanOutRequest): FanOuts {
  const links = new Map<string, Float64Array>();
  const sizeOf = (id: string) => countElements(graph.shape(id));
  for (const node of [...graph.nodes].reverse()) {
    const own = links.get(node.id) ?? new Float64Array(sizeOf(node.id));
    links.set(node.id, own);
    if (isGate(graph, node)) continue;
    const target = isOp(node, "neuron", "relu", "output");
    const counted = request.outputsOnly !== true || isOutput(graph, node);
    if (!target && node === graph.output) own.fill(1);
    const shapes = node.inputs.map((id) => graph.shape(id));
    for (const [which, id] of node.inputs.entries()) {
      let share: Float64Array;
      if (!target) {
        const step = { node, links: own, output: graph.shape(node.id), inputs: shapes };
        share = spreadBack({ ...step, effective: request.effective }, which);
      } else {
        const readsNeurons = isOp(node, "output") && isOp(graph.node(id), "neuron");
        share = new Float64Array(sizeOf(id)).fill(counted && !readsNeurons ? 1 : 0);
      }
      const sum = links.get(id);
      if (sum === undefined) links.set(id, share);
      else for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + (share[at] as number);
    }
  }
  return new Map(
    graph.nodes
      .filter((node) => isSource(graph, node))
      .map((node) => [node.id, links.get(node.id) as Float64Array]),
  );
}

/** Σ of an array of counts, exact below 2⁵³. */
export function sumCounts(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at] as number;
  return sum;
}

/** Elements with a threshold: `neuron` nodes, or ReLUs in a network that is not converted yet. */
export function countNeurons(graph: Graph): number {
  const nodes = graph.nodes.filter((node) => isOp(node, "neuron", "relu"));
  return nodes.reduce((sum, { id }) => sum + countElements(graph.shape(id)), 0);
}

/** Fan-out of all neurons (and gates) once, zero weights included; the image's is not part of it. */
export function countStructuralFanOut(graph: Graph): number {
  const fanOuts = countFanOuts(graph, { effective: false });
  return [...fanOuts].reduce((sum, [id, links]) => (id === graph.input.id ? sum : sum + sumCounts(links)), 0);
}

/** Multiply-accumulates of the first layer for one image: what the image's elements are joined to. */
export function countFirstLayerMacs(graph: Graph): number {
  return sumCounts(countFanOuts(graph, { effective: false }).get(graph.input.id) as Float64Array);
}

export type WeightedNode = NodeOf<"conv"> | NodeOf<"linear">;

/** The nodes whose multiply-accumulates count: convolutions and linear maps. */
export function listWeightedNodes(graph: Graph): readonly WeightedNode[] {
  return graph.nodes.filter((node): node is WeightedNode => isOp(node, "conv", "linear"));
}

/** Multiply-accumulates that each input element of a weighted node takes part in, [C,H,W]. */
export function countMacsByInput(graph: Graph, node: WeightedNode, effective: boolean): Float64Array {
  const [input, output] = [graph.shape(node.inputs[0] as string), graph.shape(node.id)];
  const links = new Float64Array(countElements(output)).fill(1);
  return spreadBack({ node, links, output, inputs: [input], effective }, 0);
}

/** annMacs: multiply-accumulates of one image, those with padding left out, those with zero weights not. */
export function countAnnMacs(graph: Graph): number {
  return listWeightedNodes(graph).reduce(
    (sum, node) => sum + sumCounts(countMacsByInput(graph, node, false)),
    0,
  );
}

/** annMacsPadded: the customary k²·C·C′·H·W (per group), padding included. */
export function countAnnMacsPadded(graph: Graph): number {
  return listWeightedNodes(graph).reduce((sum, node) => {
    const perOutput = countElements(node.tensors.weight?.shape.slice(1) ?? []);
    return sum + perOutput * countElements(graph.shape(node.id) as Shape);
  }, 0);
}
