/**
 * Convolution and its gradients, in ordinary ONNX operators.
 *
 *   y[n,o,p] = b[o] + Σ_{i,k} w[o,i,k]·x[n,i,s·p+k−pad]
 *   ∂x = the transposed convolution of ∂y; with stride 1 a convolution with w flipped, i and o swapped
 *   ∂w: conv-weight-gradient.ts
 *   ∂b[o] = Σ_{n,p} ∂y[n,o,p]
 *
 * Not yet: groups and dilation.
 */
import { refuseInput } from "../../core/respike-error.js";
import type { NodeOf } from "../../graph/node-types.js";
import type { OnnxBuilder } from "../onnx-builder.js";
import { type ConvGeometry, describeGeometry } from "./conv-geometry.js";
import { emitWeightGradient } from "./conv-weight-gradient.js";
import { type GradientRule, onlyInput, scaleOutputs } from "./gradient-rule.js";

/** @param emitGradient of the weight: by a convolution, or by products where the device is better at them */
export function makeConvRule(emitGradient: typeof emitWeightGradient): GradientRule<"conv"> {
  return {
    trained: ["weight", "bias"],
    tracked: [],
    lower(node, inputs, context) {
      refuseUnsupported(node);
      const { builder } = context;
      const x = onlyInput(inputs);
      const weight = context.tensor(node, "weight");
      const geometry = describeGeometry(node, context);
      const bias = node.tensors.bias === undefined ? [] : [context.tensor(node, "bias")];
      const value = builder.emit("Conv", [x, weight, ...bias], {
        strides: { ints: geometry.stride },
        pads: { ints: geometry.padding },
      });
      return {
        value,
        backward(gradient, [wanted]) {
          const { value: dy, factor } = context.findScaled(gradient);
          const scale = (tensor: string, rank: number) => scaleOutputs(builder, tensor, factor, rank);
          context.giveGradient(node, "weight", scale(emitGradient(builder, geometry, x, dy), 4));
          if (bias.length > 0) {
            context.giveGradient(node, "bias", scale(builder.sum(dy, [0, 2, 3], false), 1));
          }
          return [wanted === true ? emitInputGradient(builder, geometry, scale(weight, 4), dy) : null];
        },
      };
    },
  };
}

export const convRule = makeConvRule(emitWeightGradient);

function refuseUnsupported(node: NodeOf<"conv">): void {
  const { groups, dilation } = node.attributes;
  if (groups === 1 && dilation[0] === 1 && dilation[1] === 1) return;
  throw refuseInput({
    code: "cannot-train",
    where: `${node.id} (conv)`,
    rule: "convolutions that are trained have 1 group and dilation 1",
    value: `groups ${groups}, dilation ${dilation.join("×")}`,
    next: "train it elsewhere and load the result",
  });
}

function emitInputGradient(
  builder: OnnxBuilder,
  { kernel, stride, padding, input, output }: ConvGeometry,
  weight: string,
  gradient: string,
): string {
  const [top, left, bottom, right] = padding;
  const [kh, kw] = kernel;
  const fits = Math.max(top, bottom) < kh && Math.max(left, right) < kw;
  if (stride[0] === 1 && stride[1] === 1 && fits) {
    const flipped = builder.emit("Slice", [
      builder.emit("Transpose", [weight], { perm: { ints: [1, 0, 2, 3] } }),
      builder.ints([kh - 1, kw - 1]),
      builder.ints([-kh - 1, -kw - 1]),
      builder.ints([2, 3]),
      builder.ints([-1, -1]),
    ]);
    return builder.emit("Conv", [gradient, flipped], {
      pads: { ints: [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right] },
    });
  }
  const rest = (axis: 0 | 1, before: number, after: number) =>
    (input[axis + 2] as number) -
    (((output[axis + 2] as number) - 1) * stride[axis] + kernel[axis] - before - after);
  return builder.emit("ConvTranspose", [gradient, weight], {
    strides: { ints: stride },
    pads: { ints: padding },
    output_padding: { ints: [rest(0, top, bottom), rest(1, left, right)] },
  });
}
