/**
 * The stages of a spiking network: what a backend needs to know of a canonical graph.
 *
 * Knows: sources, synapse groups, neurons' parameters, in the order of a step.
 * May not know: memory layouts, kernels, images.
 *
 * A *source* is what sends values along synapses: the image, a neuron layer or a gate, named by its node's
 * id. A *stage* is what a step runs: a neuron layer, a gate, the output. Elements of a
 * shape [C,H,W] are numbered row-major: (c·H + y)·W + x.
 */
import type {
  GraphNode,
  NodeAttributes,
  NodeOf,
  NumberFormat,
  Refinement,
  ResetRule,
  Shape,
} from "../../graph/node-types.js";
import type { SpikeAlphabet } from "../../graph/spike-alphabet.js";

export type WeightedNode = Extract<GraphNode, { op: "conv" | "linear" | "affine" }>;

/**
 * The synapses from one source through one weighted node to one target, routing resolved:
 * weighted input element i holds source element `inputMap[i]` (−1: zero), target element j receives
 * weighted output element `targetMap[j]` (−1: nothing).
 */
export interface SynapseGroup {
  /** Id of the source node. */
  readonly source: string;
  readonly sourceShape: Shape;
  readonly node: WeightedNode;
  /** Shape of the weighted node's input; before a linear node not yet flattened. */
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly targetShape: Shape;
  readonly inputMap: Int32Array;
  readonly targetMap: Int32Array;
}

export type PoolWindow = NodeAttributes["pool"];

/** Everything that drives a target. */
export interface Drive {
  readonly groups: readonly SynapseGroup[];
  /** Shape of the current, before `poolBefore`. */
  readonly currentShape: Shape;
  /** Max pool of cumulative currents (`--maxpool before`), or null. */
  readonly poolBefore: PoolWindow | null;
}

export interface NeuronStage extends Drive {
  readonly kind: "neuron";
  readonly node: NodeOf<"neuron">;
  readonly id: string;
  /** The layer's name. */
  readonly name: string;
  readonly shape: Shape;
  readonly lo: number;
  readonly hi: number;
  readonly reset: ResetRule;
  readonly number: NumberFormat;
  /** θ per channel [C]. */
  readonly threshold: Float64Array;
  /** Where the network refines. */
  readonly refine: Refinement | null;
  /** V(0) per neuron [C,H,W]. */
  readonly v0: Float64Array;
  /** Constant current of a step (of the first, where the layer refines) per neuron [C,H,W], without the image's. */
  readonly current: Float64Array;
}

export interface GateStage {
  readonly kind: "gate";
  readonly id: string;
  readonly source: string;
  readonly sourceShape: Shape;
  readonly shape: Shape;
  readonly window: PoolWindow;
  /** Smallest and largest of what it sends in a step: those of the neurons before it. */
  readonly lo: number;
  readonly hi: number;
}

export interface OutputStage extends Drive {
  readonly kind: "output";
  readonly id: string;
  readonly classes: number;
  /** Id of the output neurons' node, or null where logits are currents. */
  readonly neurons: string | null;
  readonly number: NumberFormat;
  readonly scale: Float64Array;
  readonly current: Float64Array;
}

export type Stage = NeuronStage | GateStage | OutputStage;

/** A layer of neurons that is not simulated: what it sends is given. */
export interface ReplayedLayer {
  readonly shape: Shape;
  /** Mean spikes a neuron and step to expect, where it is known. */
  readonly rate: number | undefined;
}

export interface SnnPlan {
  /** Id of the image. */
  readonly image: string;
  readonly imageShape: Shape;
  /** In topological order; the output is the last. */
  readonly stages: readonly Stage[];
  readonly neurons: readonly NeuronStage[];
  readonly gates: readonly GateStage[];
  readonly output: OutputStage;
  /** By id. */
  readonly replayed: ReadonlyMap<string, ReplayedLayer>;
  /** What all layers refine by; null where they count. */
  readonly refine: Refinement | null;
  /** Source → what it may send in a step; of the image where its pixels are random spikes. */
  readonly alphabets: ReadonlyMap<string, SpikeAlphabet>;
}
