/**
 * The node types of the one graph that model, passes and spiking network share.
 *
 * Knows: operators, their attributes and the names of their tensors.
 * May not know: how a node is evaluated, files, spikes over time.
 *
 * Every value has the shape [C,H,W] for one image; a vector of n is [n,1,1].
 */
import type { Tensor } from "../core/tensor.js";

export type Shape = readonly [channels: number, height: number, width: number];
export type Pair = readonly [vertical: number, horizontal: number];
export type Sides = readonly [top: number, left: number, bottom: number, right: number];

export type NumberFormat = "float32" | "int16" | "int32";
export type ResetRule = "subtract" | "zero";
export type Readout = "mean" | "count" | "count+softmax" | "final";

/**
 * Differential coding with shrinking quanta (snn.ts): a spike of step t is worth `quantum`/2^h of λ, h = min(`shift`·(t − 1), `halvings`).
 * One for all layers of a network, and its output.
 */
export interface Refinement {
  /** q₀, the quantum of the first step in units of λ: 1/n. */
  readonly quantum: number;
  /** How often the quantum is halved in each of the steps that shrink it: the second and those after it. */
  readonly shift: number;
  /** How often it is halved altogether, a multiple of `shift`. */
  readonly halvings: number;
}

export interface NodeAttributes {
  /** The preprocessed image; λ = 1. */
  input: { readonly shape: Shape };
  /** y[o] = bias[o] + Σ weight[o,i,ky,kx]·x[…]; tensors `weight` [O,I/groups,kh,kw], `bias` [O]?. */
  conv: {
    readonly stride: Pair;
    readonly padding: Sides;
    readonly dilation: Pair;
    readonly groups: number;
  };
  /** y = weight·flatten(x) + bias, flattened in C,H,W order; tensors `weight` [O,C·H·W], `bias` [O]?. */
  linear: Record<never, never>;
  /** y = gamma·(x − mean)/√(variance + epsilon) + beta per channel; four tensors [C]. */
  "batch-norm": { readonly epsilon: number };
  /**
   * y = min(max(x, 0), max); `layer` is the name that the neurons standing here will have. While a network is trained
   * with ceilings: a tensor `ceiling` [1], equal to max.
   */
  relu: { readonly layer: string; readonly max: number | null };
  /** Sum of two or more values of one shape. */
  add: Record<never, never>;
  /** Average (padding not counted in the divisor) or maximum (padding left out) over windows. */
  pool: {
    readonly kind: "average" | "max";
    readonly kernel: Pair;
    readonly stride: Pair;
    readonly padding: Sides;
  };
  /** Channels one after the other. */
  concat: Record<never, never>;
  /** Zeros before and after, along each of C, H, W. */
  pad: { readonly before: Shape; readonly after: Shape };
  /** Every `step`-th element from `start` up to but not including `stop`, along each of C, H, W. */
  slice: { readonly start: Shape; readonly stop: Shape; readonly step: Shape };
  /** y = scale·x + shift per channel; tensors `scale` [C], `shift` [C]?. */
  affine: Record<never, never>;
  /** [C,H,W] → [C·H·W,1,1]. */
  flatten: Record<never, never>;
  /**
   * A shortcut without weights as the architecture names it: `A` takes every
   * second pixel, `avg` a 2×2 average pool; both then add zero channels, half
   * before and half after. A pass lowers it to slice/pool and pad.
   */
  shortcut: { readonly kind: "A" | "avg"; readonly channels: number };
  /**
   * Integrate-and-fire neurons, one an element; see `snn.ts` for the dynamics.
   * Tensors: `threshold` [1] or [C], `v0` [1], [C] or [C,H,W] (in units of the membrane), `current`
   * [C] or [C,H,W] (constant current a step).
   */
  neuron: {
    readonly layer: string;
    /** Smallest and largest spike value of a step; `signed` alphabets have lo < 0. */
    readonly lo: number;
    readonly hi: number;
    readonly reset: ResetRule;
    readonly number: NumberFormat;
    /** Where the layer refines its value instead of counting; lo = −hi, reset by subtraction. */
    readonly refine?: Refinement | undefined;
    /** Mean spikes a neuron and step to expect, where it is known; kernels are chosen by it, spikes do not depend on it. */
    readonly rate?: number | undefined;
  };
  /**
   * The readout. Without neurons before it: logits = current / scale; tensors
   * `scale` [classes] and `current` [classes] (constant, a step). With `refine` logits are those of the final value (snn.ts).
   */
  output: { readonly number: NumberFormat; readonly refine?: Refinement | undefined };
}

export type Op = keyof NodeAttributes;

/** One node. `id` is unique in its graph; `inputs` are ids of earlier nodes. */
export interface NodeOf<O extends Op> {
  readonly id: string;
  readonly op: O;
  readonly inputs: readonly string[];
  readonly attributes: NodeAttributes[O];
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export type GraphNode = { [O in Op]: NodeOf<O> }[Op];

/** Narrowing test: `isOp(node, "conv")`. */
export function isOp<O extends Op>(
  node: GraphNode,
  ...ops: readonly O[]
): node is Extract<GraphNode, { op: O }> {
  return (ops as readonly Op[]).includes(node.op);
}
