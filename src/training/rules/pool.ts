/**
 * Average pooling without padding: y[p] = mean of the window at p; each pixel of
 * the window gets ∂y[p]/area, a transposed depthwise convolution with a constant kernel.
 * A window over the whole map is a mean and a broadcast.
 */
import { refuseInput } from "../../core/respike-error.js";
import type { NodeOf } from "../../graph/node-types.js";
import { type GradientRule, type LoweringContext, onlyInput } from "./gradient-rule.js";

export const poolRule: GradientRule<"pool"> = {
  trained: [],
  tracked: [],
  lower(node, inputs, context) {
    const { kind, padding } = node.attributes;
    if (kind !== "average" || padding.some((side) => side > 0)) throw refusePool(node);
    return lowerAveragePool(node, onlyInput(inputs), context);
  },
};

function lowerAveragePool(node: NodeOf<"pool">, x: string, context: LoweringContext) {
  const { builder, batch } = context;
  const { kernel, stride } = node.attributes;
  const input = context.shape(node.inputs[0] as string);
  const [channels, rows, columns] = context.shape(node.id);
  const area = kernel[0] * kernel[1];
  const attributes = { kernel_shape: { ints: kernel }, strides: { ints: stride } };
  return {
    value: builder.emit("AveragePool", [x], attributes),
    backward(gradient: string, [wanted]: readonly boolean[]) {
      if (wanted !== true) return [null];
      if (kernel[0] === input[1] && kernel[1] === input[2]) {
        const share = builder.emit("Mul", [gradient, builder.scalar(1 / area)]);
        return [builder.emit("Expand", [share, builder.ints([batch, ...input])])];
      }
      const weight = builder.constant(
        [channels, 1, ...kernel],
        new Array<number>(channels * area).fill(1 / area),
      );
      const rest = [
        input[1] - ((rows - 1) * stride[0] + kernel[0]),
        input[2] - ((columns - 1) * stride[1] + kernel[1]),
      ];
      return [
        builder.emit("ConvTranspose", [gradient, weight], {
          group: { int: channels },
          strides: { ints: stride },
          output_padding: { ints: rest },
        }),
      ];
    },
  };
}

function refusePool(node: NodeOf<"pool">) {
  const { kind, padding } = node.attributes;
  return refuseInput({
    code: "cannot-train",
    where: `${node.id} (pool)`,
    rule: "pools that are trained through are averages without padding",
    value: `${kind}, padding ${padding.join(",")}`,
    next: "use an average pool",
  });
}
