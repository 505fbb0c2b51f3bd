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
import { reluOf, shiftOf } from "./driving-network.js";
import type { ReadSteps } from "./read-steps.js";
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

/** The layers with neurons, in topological order, judged by these steps. */
export function listDiagnosed(snn: Snn, plan: SnnPlan, read: ReadSteps): readonly DiagnosedLayer[] {
  return snn.layers.map((layer) => {
    const { name, activation, lambda, kappa } = layer;
    const relu = reluOf(snn.network, activation);
    const stage = plan.neurons.find((each) => each.name === name);
    if (stage === undefined) throw new RangeError(`layer '${name}' has no neurons`);
    const [channels, height, width] = stage.shape;
    return {
      name,
      stage,
      activation,
      kappa,
      neurons: countElements(stage.shape),
      area: height * width,
      lambda: new Float64Array(channels).map((_, c) => lambda[lambda.length === 1 ? 0 : c] as number),
      ...measureCode(stage, read),
      ceiling: kappa * (relu?.attributes.max ?? Number.POSITIVE_INFINITY),
      shift: relu === null ? shiftOf(layer) : null,
      silent: findSilent(snn.graph, stage),
    };
  });
}

/** What a count stands for, and the largest one. */
function measureCode({ refine, hi }: NeuronStage, { steps, left }: ReadSteps) {
  if (refine === null) return { unit: 1 / (steps - left), most: hi * (steps - left) };
  return { unit: quantumAt(refine, steps), most: largestCount(hi, refine, steps) };
}

/** What one of N(t) stands for in units of λ. */
export function unitAt({ refine }: NeuronStage, t: number): number {
  return refine === null ? 1 / t : quantumAt(refine, t);
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
