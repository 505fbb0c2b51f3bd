/** Faults planted in a spiking network of float32 numbers, one layer each. */
import { scaleLayers } from "#src/conversion/scale-layer.js";
import { traceSources, traceSynapses } from "#src/conversion/trace-synapses.js";
import { float32Tensor } from "#src/core/tensor.js";
import type { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";

function scaleTensor(node: GraphNode, name: string, factor: number): GraphNode {
  const tensor = node.tensors[name];
  if (tensor === undefined) throw new RangeError(`${node.id} has no ${name}`);
  const scaled = float32Tensor(
    tensor.shape,
    Float32Array.from(tensor.data as ArrayLike<number>, (value) => Number(value) * factor),
  );
  return { ...node, tensors: { ...node.tensors, [name]: scaled } } as GraphNode;
}

const scaleWeight = (node: GraphNode, factor: number) =>
  scaleTensor(node, node.op === "affine" ? "scale" : "weight", factor);

const change = (snn: Snn, rewrite: (node: GraphNode) => GraphNode): Snn => ({
  ...snn,
  graph: snn.graph.rewrite(rewrite),
});

export function lambdaOf({ layers }: Snn, name: string): number {
  return layers.find((layer) => layer.name === name)?.lambda[0] ?? 1;
}

/** θ of a layer times a factor, all else as a conversion with that θ would have it. */
export function scaleTheta(snn: Snn, layer: string, factor: number): Snn {
  const [channels] = snn.graph.shape(layer);
  const graph = scaleLayers(snn.graph, new Map([[layer, new Float64Array(channels).fill(1 / factor)]]));
  const hears = (node: GraphNode) =>
    ["conv", "linear", "affine"].includes(node.op) &&
    traceSources(graph, node.inputs[0] as string).some(({ id }) => id === layer);
  const layers = snn.layers.map((each) =>
    each.name === layer ? { ...each, lambda: each.lambda.map((value) => value * factor) } : each,
  );
  return change({ ...snn, graph, layers }, (node) => (hears(node) ? scaleWeight(node, factor) : node));
}

/** Weights of a layer's main branch times a factor, its current as it was. */
export function scaleWeights(snn: Snn, layer: string, factor: number): Snn {
  const first = traceSynapses(snn.graph, snn.graph.node(layer))[0]?.node.id;
  return change(snn, (node) => (node.id === first ? scaleWeight(node, factor) : node));
}

/** The layer's shortcut as it would be without normalisation: times λ_out/λ_in. */
export function forgetShortcut(snn: Snn, layer: string): Snn {
  const { node, ratio } = readShortcut(snn, layer);
  return change(snn, (each) => (each.id === node.id ? scaleWeight(each, ratio) : each));
}

export function flipCurrent(snn: Snn, layer: string): Snn {
  return change(snn, (node) => (node.id === layer ? scaleTensor(node, "current", -1) : node));
}

/** Blocks with a shortcut, those first whose ratio of λ is furthest from 1. */
export function listShortcuts(snn: Snn): readonly string[] {
  const blocks = snn.layers.filter(({ name }) => shortcutOf(snn.graph, name) !== undefined);
  const distance = (name: string) => Math.abs(Math.log(readShortcut(snn, name).ratio));
  return blocks.map(({ name }) => name).sort((a, b) => distance(b) - distance(a));
}

function shortcutOf(graph: Graph, layer: string): GraphNode | undefined {
  return traceSynapses(graph, graph.node(layer))[1]?.node;
}

function readShortcut(snn: Snn, layer: string) {
  const node = shortcutOf(snn.graph, layer);
  if (node === undefined) throw new RangeError(`${layer} has no shortcut`);
  const [source] = traceSources(snn.graph, node.inputs[0] as string);
  return { node, ratio: lambdaOf(snn, layer) / lambdaOf(snn, source?.id ?? "") };
}
