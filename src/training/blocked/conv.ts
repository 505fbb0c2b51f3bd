/**
 * Convolution and its gradients on blocked values.
 *
 *   ∂x: a convolution of ∂y, zeros between its pixels where the stride is 2, with the mirrored weight
 *   ∂w: weight-gradient.ts
 */
import type { NodeOf } from "../../graph/node-types.js";
import { type GradientRule, type LoweringContext, onlyInput } from "../rules/gradient-rule.js";
import type { BlockLayout, FourExtents } from "./block-layout.js";
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

/** ∂x of `emitConv`, blocked. */
export function emitInputGradient(
  layout: BlockLayout,
  geometry: ConvGeometry,
  weight: string,
  gradient: string,
): string {
  const { input, output, kernel, stride, padding: border } = geometry;
  const filter = layout.arrangeMirrored(weight, [output[1], input[1], ...kernel]);
  const before = [kernel[0] - 1 - border[0], kernel[1] - 1 - border[1]] as const;
  const after = [
    input[2] - output[2] * stride[0] + kernel[0] - 1 - before[0],
    input[3] - output[3] * stride[1] + kernel[1] - 1 - before[1],
  ] as const;
  const pixels = spreadPixels(layout, geometry, gradient, [Math.max(-after[0], 0), Math.max(-after[1], 0)]);
  const padding = [...before, Math.max(after[0], 0), Math.max(after[1], 0)];
  return layout.convolve(pixels, filter, { kernel, padding });
}

/** ∂y with stride − 1 zeros after each pixel and row, less what is cut from the ends. */
function spreadPixels(
  layout: BlockLayout,
  { output, stride }: ConvGeometry,
  gradient: string,
  cut: readonly [number, number],
): string {
  if (stride[0] === 1 && stride[1] === 1) return gradient;
  const { builder: b, block } = layout;
  const [batch, channels, height, width] = output;
  const [rows, columns] = [height * stride[0], width * stride[1]];
  const folded = b.reshape(gradient, [(batch * channels * height) / block, 1, width, 1, block]);
  const zeros = b.ints([0, 0, 0, 0, 0, 0, stride[0] - 1, 0, stride[1] - 1, 0]);
  const spread = b.emit("Pad", [folded, zeros]);
  if (cut[0] + cut[1] === 0) return b.reshape(spread, [batch, channels, rows, columns]);
  const kept = b.emit("Slice", [
    b.reshape(spread, [(batch * channels) / block, rows, columns, block]),
    b.ints([0, 0]),
    b.ints([rows - cut[0], columns - cut[1]]),
    b.ints([1, 2]),
  ]);
  return b.reshape(kept, [batch, channels, rows - cut[0], columns - cut[1]]);
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
