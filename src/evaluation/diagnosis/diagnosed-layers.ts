/**
 * What has to be known of each layer of a spiking network to judge its error.
 *
 * Knows: stages, λ, κ, ceilings. May not know: images, simulators.
 */
import { traceSynapses } from "../../conversion/trace-synapses.js";
import { countElements } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";
import type { NeuronStage, SnnPlan } from "../../simulator/plan/snn-plan.js";
import type { SplitLayer } from "./split-error.js";

export interface DiagnosedLayer extends Omit<SplitLayer, "steps"> {
  readonly name: string;
  readonly stage: NeuronStage;
  readonly neurons: number;
  /** Node of the float network whose value the rate stands for. */
  readonly activation: string;
  /** Factor of compensation: the network's layer is multiplied by it before it is compared. */
  readonly kappa: number;
}

/** The layers with neurons, in topological order. */
export function listDiagnosed(snn: Snn, plan: SnnPlan): readonly DiagnosedLayer[] {
  return snn.layers.map(({ name, activation, lambda, kappa }) => {
    const stage = plan.neurons.find((each) => each.name === name);
    if (stage === undefined) throw new RangeError(`layer '${name}' has no neurons`);
    const [channels, height, width] = stage.shape;
    const area = height * width;
    const theta = (i: number) => stage.threshold[Math.floor(i / area)] as number;
    return {
      name,
      stage,
      activation,
      kappa,
      neurons: countElements(stage.shape),
      area,
      lambda: new Float64Array(channels).map((_, c) => lambda[lambda.length === 1 ? 0 : c] as number),
      start: stage.v0.map((value, i) => value / theta(i)),
      hi: stage.hi,
      ceiling: kappa * ceilingOf(snn.network, activation),
      silent: findSilent(snn.graph, stage),
    };
  });
}

/** The maximum of the ReLU that an activation is, or is a max pool of. */
function ceilingOf(network: Graph, activation: string): number {
  const node = network.node(activation);
  if (isOp(node, "relu")) return node.attributes.max ?? Number.POSITIVE_INFINITY;
  const isMaxPool = isOp(node, "pool") && node.attributes.kind === "max";
  return isMaxPool ? ceilingOf(network, node.inputs[0] as string) : Number.POSITIVE_INFINITY;
}

/** 1 for each channel that nothing drives: no weight and no current but 0. */
function findSilent(graph: Graph, { node, shape, current }: NeuronStage): Uint8Array {
  const [channels] = shape;
  const silent = new Uint8Array(channels).fill(1);
  const area = current.length / channels;
  for (let i = 0; i < current.length; i++) if (current[i] !== 0) silent[Math.floor(i / area)] = 0;
  for (const synapses of traceSynapses(graph, node)) {
    const moves = movingChannels(graph, synapses.node);
    for (const [c, channel] of synapses.channels.entries()) if (moves[channel] === 1) silent[c] = 0;
  }
  return silent;
}

/** 1 for each output channel of a weighted node that has a weight other than 0. */
function movingChannels(graph: Graph, node: GraphNode): Uint8Array {
  const [channels] = graph.shape(node.id);
  const weights = (node.tensors.weight ?? node.tensors.scale)?.data ?? [];
  const each = weights.length / channels;
  const moves = new Uint8Array(channels);
  for (let i = 0; i < weights.length; i++) if (Number(weights[i]) !== 0) moves[Math.floor(i / each)] = 1;
  return moves;
}
