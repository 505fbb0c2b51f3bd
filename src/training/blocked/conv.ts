/**
 * Convolution and its gradients on blocked values.
 *
 *   ∂x: input-gradient.ts
 *   ∂w: weight-gradient.ts
 */
import type { NodeOf } from "../../graph/node-types.js";
import { type GradientRule, type LoweringContext, onlyInput } from "../rules/gradient-rule.js";
import type { BlockLayout, FourExtents } from "./block-layout.js";
import { emitInputGradient } from "./input-gradient.js";
import { emitWeightGradient } from "./weight-gradient.js";

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

export function blockedConvRule(block: (context: LoweringContext) => BlockLayout): GradientRule<"conv"> {
  return {
    trained: ["weight", "bias"],
    tracked: [],
    lower(node, inputs, context) {
      const layout = block(context);
      const x = onlyInput(inputs);
      const weight = context.tensor(node, "weight");
      const bias = node.tensors.bias === undefined ? undefined : context.tensor(node, "bias");
      const geometry = describeGeometry(node, context);
      return {
        value: emitConv(layout, geometry, x, weight, bias),
        backward(gradient, [wanted]) {
          context.giveGradient(node, "weight", emitWeightGradient(layout, geometry, x, gradient));
          if (bias !== undefined) {
            context.giveGradient(node, "bias", layout.sumChannels(gradient, geometry.output));
          }
          return [wanted === true ? emitInputGradient(layout, geometry, weight, gradient) : null];
        },
      };
    },
  };
}

/** @param weight [O,I,h,w] in row-major order */
export function emitConv(
  layout: BlockLayout,
  { input, output, kernel, stride, padding }: ConvGeometry,
  x: string,
  weight: string,
  bias?: string,
): string {
  const filter = layout.arrangeFilter(weight, [output[1], input[1], ...kernel]);
  return layout.convolve(x, filter, { kernel, stride, padding }, { bias });
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
