/**
 * Convolution and its gradients on blocked values.
 *
 *   ∂x: input-gradient.ts
 *   ∂w: weight-gradient.ts
 */

import { type ConvGeometry, describeGeometry } from "../rules/conv-geometry.js";
import { type GradientRule, type LoweringContext, onlyInput, scaleOutputs } from "../rules/gradient-rule.js";
import type { BlockLayout } from "./block-layout.js";
import { emitInputGradient } from "./input-gradient.js";
import { emitWeightGradient } from "./weight-gradient.js";

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
          const { value: dy, factor } = context.findScaled(gradient);
          const scale = (tensor: string, rank: number) => scaleOutputs(context.builder, tensor, factor, rank);
          context.giveGradient(node, "weight", scale(emitWeightGradient(layout, geometry, x, dy), 4));
          if (bias !== undefined) {
            context.giveGradient(node, "bias", scale(layout.sumChannels(dy, geometry.output), 1));
          }
          return [wanted === true ? emitInputGradient(layout, geometry, weight, dy, factor) : null];
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
