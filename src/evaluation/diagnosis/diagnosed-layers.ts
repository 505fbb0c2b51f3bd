/**
 * What has to be known of each layer of a spiking network to judge its error.
 *
 * Knows: stages, λ, κ, ceilings. May not know: images, simulators.
 */
import { traceSynapses } from "../../conversion/trace-synapses.js";
import { countElements } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import type { GraphNode } from "../../graph/node-types.js";
import { largestCount, quantumAt } from "../../graph/refinement.js";
import type { Snn } from "../../graph/snn.js";
import type { NeuronStage, SnnPlan } from "../../simulator/plan/snn-plan.js";
import { reluOf, shiftOf } from "./calibrated-network.js";
import type { SplitLayer } from "./split-error.js";

export interface DiagnosedLayer extends SplitLayer {
  readonly name: string;
  readonly stage: NeuronStage;
  readonly neurons: number;
  /** Node of the float network whose value the rate stands for. */
  readonly activation: string;
  readonly lambda: Float64Array;
  readonly silent: Uint8Array;
  /** Factor of compensation: the network's layer is multiplied by it before it is compared. */
  readonly kappa: number;
  /** Calibrated bias [C] in the activation's units, where no ReLU of the network stands that has it already. */
  readonly shift: Float64Array | null;
}

/** The layers with neurons, in topological order, run for so many steps. */
export function listDiagnosed(snn: Snn, plan: SnnPlan, steps: number): readonly DiagnosedLayer[] {
  return snn.layers.map((layer) => {
    const { name, activation, lambda, kappa } = layer;
    const relu = reluOf(snn.network, activation);
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
      start: stage.v0.map((value, i) => (stage.refine === null ? value / theta(i) : 0.5)),
      ...measureCode(stage, steps),
      ceiling: kappa * (relu?.attributes.max ?? Number.POSITIVE_INFINITY),
      shift: relu === null ? shiftOf(layer) : null,
      silent: findSilent(snn.graph, stage),
    };
  });
}

/** What a count stands for, and the largest one. */
function measureCode({ refine, hi }: NeuronStage, steps: number) {
  if (refine === null) return { unit: 1 / steps, most: hi * steps };
  return { unit: quantumAt(refine, steps), most: largestCount(hi, refine, steps) };
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
