/** The shapes of a convolution and of what goes in and out of it. */
import type { NodeOf } from "../../graph/node-types.js";
import type { LoweringContext } from "./gradient-rule.js";

/** A value's shape [N,C,H,W]. */
export type FourExtents = readonly [number, number, number, number];

export interface ConvGeometry {
  /** [N,I,H,W] */
  readonly input: FourExtents;
  /** [N,O,H′,W′] */
  readonly output: FourExtents;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** top, left, bottom, right */
  readonly padding: readonly [number, number, number, number];
}

export function describeGeometry(node: NodeOf<"conv">, context: LoweringContext): ConvGeometry {
  const [, , height = 1, width = 1] = node.tensors.weight?.shape ?? [];
  return {
    input: [context.batch, ...context.shape(node.inputs[0] as string)],
    output: [context.batch, ...context.shape(node.id)],
    kernel: [height, width],
    stride: node.attributes.stride,
    padding: node.attributes.padding,
  };
}
