/**
 * What every operator's rule shares: it emits its forward nodes at once and
 * says how to emit its backward nodes, given the gradient of its value.
 *
 * Knows: names of values in the ONNX graph, N, shapes.
 * May not know: the loss, the optimiser, the engine that runs the graph.
 *
 * Values are [N,C,H,W] float32; "the gradient of v" is ∂loss/∂v, of v's shape.
 */
import type { NodeOf, Op, Shape } from "../../graph/node-types.js";
import type { OnnxBuilder } from "../onnx-builder.js";

export interface LoweringContext {
  readonly builder: OnnxBuilder;
  /** N, fixed when the graph is compiled. */
  readonly batch: number;
  /** Batch statistics (training) or running ones (evaluation). */
  readonly training: boolean;
  /** Output shape [C,H,W] of a node of the network. */
  shape(id: string): Shape;
  /** The name under which a node's tensor enters the graph. */
  tensor(node: NodeOf<Op>, name: string): string;
  /** Says the gradient of a node's trainable tensor, in the tensor's shape. */
  giveGradient(node: NodeOf<Op>, name: string, gradient: string): void;
  /** Says what a tensor that is not trained but tracked should move towards, as running statistics do. */
  giveTracked(node: NodeOf<Op>, name: string, newest: string): void;
  /** Says that a gradient is a value times a factor, for a rule that can put the factor elsewhere. */
  noteScaled(gradient: string, parts: ScaledGradient): void;
  /** What was noted of a gradient, else itself without a factor. */
  findScaled(gradient: string): ScaledGradient;
}

/** A gradient in two parts. The nodes that multiply them are left out where nobody reads their product. */
export interface ScaledGradient {
  readonly value: string;
  /** [C], one for each channel; null stands for 1 */
  readonly factor: string | null;
}

export interface LoweredNode {
  readonly value: string;
  /**
   * @param gradient of the value
   * @param wanted for each input: whether its gradient is needed
   * @returns the gradient of each input, null where it is not wanted
   */
  backward(gradient: string, wanted: readonly boolean[]): readonly (string | null)[];
}

export interface GradientRule<O extends Op> {
  /** Tensors that gradient descent changes. */
  readonly trained: readonly string[];
  /** Tensors that the forward pass changes. */
  readonly tracked: readonly string[];
  lower(node: NodeOf<O>, inputs: readonly string[], context: LoweringContext): LoweredNode;
}

/** A tensor [O,…] of so many axes, the part of each output o multiplied by factor[o]. */
export function scaleOutputs(
  builder: OnnxBuilder,
  tensor: string,
  factor: string | null,
  rank: number,
): string {
  if (factor === null) return tensor;
  const column = rank === 1 ? factor : builder.reshape(factor, [-1, ...new Array<number>(rank - 1).fill(1)]);
  return builder.emit("Mul", [tensor, column]);
}

/** The first of the inputs of a node that has one. */
export function onlyInput(inputs: readonly string[]): string {
  const [first] = inputs;
  if (first === undefined) throw new RangeError("a node without inputs");
  return first;
}
