/**
 * y = min(max(x, 0), max); ∂x = ∂y where 0 < y (and y < max), else 0. With a trained ceiling: clip.ts.
 * Where y ≥ 0, a hard sigmoid so steep that every float32 above 1e-30 gives 1 is its sign, ten times as fast.
 */
import type { OnnxBuilder } from "../onnx-builder.js";
import { clipRule } from "./clip.js";
import { type GradientRule, onlyInput } from "./gradient-rule.js";

export const reluRule: GradientRule<"relu"> = {
  trained: clipRule.trained,
  tracked: [],
  lower(node, inputs, context) {
    if (node.tensors.ceiling !== undefined) return clipRule.lower(node, inputs, context);
    const { builder } = context;
    const { max } = node.attributes;
    const x = onlyInput(inputs);
    const value =
      max === null
        ? builder.emit("Relu", [x])
        : builder.emit("Clip", [x, builder.scalar(0), builder.scalar(max)]);
    return {
      value,
      backward(gradient, [wanted]) {
        if (wanted !== true) return [null];
        const positive = builder.emit("Mul", [gradient, emitMask(builder, value)]);
        if (max === null) return [positive];
        const below = builder.emit("Less", [value, builder.scalar(max)]);
        return [builder.emit("Where", [below, positive, builder.scalar(0)])];
      },
    };
  },
};

/** 1 where y > 0, 0 where y = 0. */
export function emitMask(builder: OnnxBuilder, value: string): string {
  return builder.emit("HardSigmoid", [value], { alpha: { float: 1e30 }, beta: { float: 0 } });
}
