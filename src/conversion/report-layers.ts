/**
 * What a conversion says of each layer.
 *
 * Knows: the contract's `layers`. May not know: files, people.
 */
import { countElements } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import { isOp, type NodeOf, type NumberFormat } from "../graph/node-types.js";
import type { SnnLayer } from "../graph/snn.js";
import type { ActivationScale } from "./pass.js";
import { readNumbers } from "./tensor-values.js";
import { traceSources, traceSynapses } from "./trace-synapses.js";

export interface ConvertedLayer {
  readonly name: string;
  readonly neurons: number;
  /** λ of each source, the image's 1; with `--lambda-scope channel` a list a source. */
  readonly lambdaIn: readonly (number | readonly number[])[];
  readonly lambdaOut: number | readonly number[];
  readonly kappa: number;
  /** One number, or one a channel, in the units of the weights. */
  readonly threshold: number | readonly number[];
  /** The same; of initial potentials that differ from neuron to neuron the mean of each channel. */
  readonly v0: number | readonly number[];
  readonly number: NumberFormat;
  /** Largest |weight|, as saved. */
  readonly largestWeight: number;
  /** The same of each channel. */
  readonly largestWeights: readonly number[];
  readonly deadChannels: readonly number[];
  /** Largest calibration activation over λ_out. */
  readonly maxRate: number;
}

/** @param scaleOf scale of a layer by its name */
export function reportLayers(
  graph: Graph,
  layers: readonly SnnLayer[],
  scaleOf: (layer: string) => ActivationScale,
): readonly ConvertedLayer[] {
  const lambdaOf = (name: string) => simplify(layers.find((each) => each.name === name)?.lambda ?? [1]);
  return layers.map(({ name, kappa }) => {
    const node = graph.node(name) as NodeOf<"neuron">;
    const { maxRate, deadChannels } = scaleOf(name);
    const largestWeights = listLargestWeights(graph, node);
    return {
      name,
      neurons: countElements(graph.shape(name)),
      lambdaIn: sourceNames(graph, node).map((source) => (source === null ? 1 : lambdaOf(source))),
      lambdaOut: lambdaOf(name),
      kappa,
      threshold: simplify([...readNumbers(node, "threshold")]),
      v0: simplify(meanOfChannels(readNumbers(node, "v0"), graph.shape(name)[0])),
      number: node.attributes.number,
      largestWeight: Math.max(0, ...largestWeights),
      largestWeights,
      deadChannels,
      maxRate,
    };
  });
}

function meanOfChannels(values: Float64Array, channels: number): readonly number[] {
  const perChannel = values.length / channels;
  if (perChannel <= 1) return [...values];
  return Array.from({ length: channels }, (_, c) => {
    const own = values.subarray(c * perChannel, (c + 1) * perChannel);
    return own.reduce((sum, value) => sum + value, 0) / perChannel;
  });
}

/** One number where all are equal. */
function simplify(values: readonly number[]): number | readonly number[] {
  const [first = 0] = values;
  return values.every((value) => value === first) ? first : values;
}

/** Layers that drive a layer, null for the image; through gates. */
function sourceNames(graph: Graph, node: NodeOf<"neuron">): readonly (string | null)[] {
  const sources = traceSynapses(graph, node).flatMap(({ node: { inputs } }) =>
    inputs.flatMap((id) => traceSources(graph, id)),
  );
  const names = sources.map((source) => {
    let at = source;
    while (isOp(at, "pool")) at = graph.node(at.inputs[0] as string);
    return isOp(at, "neuron") ? at.id : null;
  });
  return [...new Set(names)];
}

/** Over all synapses of each channel, shortcuts included. */
function listLargestWeights(graph: Graph, node: NodeOf<"neuron">): readonly number[] {
  const largest: number[] = new Array(graph.shape(node.id)[0]).fill(0);
  for (const { node: weighted, channels } of traceSynapses(graph, node)) {
    const weights = readNumbers(weighted, weighted.op === "affine" ? "scale" : "weight");
    const perChannel = weights.length / graph.shape(weighted.id)[0];
    for (const [c, channel] of channels.entries()) {
      if (channel < 0) continue;
      for (const weight of weights.subarray(channel * perChannel, (channel + 1) * perChannel))
        largest[c] = Math.max(largest[c] as number, Math.abs(weight));
    }
  }
  return largest;
}
