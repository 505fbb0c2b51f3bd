/**
 * Integrate-and-fire neurons where the ReLUs stood: threshold 1 (λ in the network's units),
 * V(0) = v0, one for all; and the output that reads them.
 *
 * Knows: names of layers and synapses. May not know: biases (gather-currents.ts), number formats.
 *
 * A layer's node is called like the layer; weighted nodes (and others that have a layer's name) keep
 * the file's name and get `.synapses`.
 * The rate that calibration lets expect is noted at each layer.
 * Neurons send at most `hi` a step: in the limit of many steps binary and signed ones clip at λ, bursts of N at N·λ.
 */
import { float32Tensor } from "../../core/tensor.js";
import { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp } from "../../graph/node-types.js";
import { parseAlphabet } from "../../graph/spike-alphabet.js";
import type { ConvertOptions } from "../convert-options.js";
import type { ActivationScale, Pass } from "../pass.js";
import { isWeighted } from "../scale-weights.js";

export const placeNeurons: Pass = {
  name: "place-neurons",
  preserves: () => "nothing",
  run(graph, { options, scales }) {
    const layers = new Map(
      graph.nodes.flatMap((node) => (isOp(node, "relu") ? [[node.id, node.attributes.layer] as const] : [])),
    );
    const names = new Set(layers.values());
    const synapses = new Map(
      graph.nodes
        .filter((node) => isWeighted(node) || (names.has(node.id) && !isOp(node, "relu")))
        .map(({ id }) => [id, `${id}.synapses`] as const),
    );
    const rename = (id: string) => synapses.get(id) ?? layers.get(id) ?? id;
    const nodes = readCounts(graph, options).map((node): GraphNode => {
      const inputs = node.inputs.map(rename);
      if (!isOp(node, "relu")) return { ...node, id: rename(node.id), inputs } as GraphNode;
      return makeNeuron(node.attributes.layer, inputs, graph.shape(node.id)[0], options, scales.get(node.id));
    });
    const last = nodes[nodes.length - 1] as GraphNode;
    nodes.push(makeOutput(nodes, last, graph.shape(graph.output.id)[0]));
    return new Graph(nodes);
  },
};

/** Output neurons are read by their counts: the λ that turned rates into logits goes. */
function readCounts(graph: Graph, { output }: ConvertOptions): readonly GraphNode[] {
  const before = graph.output.inputs.map((id) => graph.node(id));
  const isRate = isOp(graph.output, "affine") && before.every((node) => isOp(node, "relu"));
  return output === "neuron" && isRate ? graph.nodes.slice(0, -1) : graph.nodes;
}

function makeNeuron(
  layer: string,
  inputs: readonly string[],
  channels: number,
  { v0, reset, spikes }: ConvertOptions,
  scale: ActivationScale | undefined,
): GraphNode {
  const { lo, hi } = parseAlphabet(spikes) ?? { lo: 0, hi: 1 };
  return {
    id: layer,
    op: "neuron",
    inputs,
    attributes: { layer, lo, hi, reset, number: "float32", ...rateOf(scale) },
    tensors: {
      threshold: float32Tensor([1], [1]),
      v0: float32Tensor([1], [v0]),
      current: float32Tensor([channels], new Float32Array(channels)),
    },
  };
}

/** The rate to expect, to four digits: what is planned by it needs no more. */
const rateOf = (scale: ActivationScale | undefined) =>
  scale === undefined ? {} : { rate: Number(scale.rate.toPrecision(4)) };

function makeOutput(nodes: readonly GraphNode[], last: GraphNode, classes: number): GraphNode {
  const isTaken = nodes.some(({ id }) => id === "output");
  return {
    id: isTaken ? "respike.output" : "output",
    op: "output",
    inputs: [last.id],
    attributes: { number: "float32" },
    tensors: isOp(last, "neuron") ? {} : { current: float32Tensor([classes], new Float32Array(classes)) },
  };
}
