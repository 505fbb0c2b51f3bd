/** The average over the whole map, on blocked values: each pixel gets ∂y/area. */
import { type GradientRule, type LoweringContext, onlyInput } from "../rules/gradient-rule.js";
import type { BlockLayout } from "./block-layout.js";

export function blockedPoolRule(block: (context: LoweringContext) => BlockLayout): GradientRule<"pool"> {
  return {
    trained: [],
    tracked: [],
    lower(node, inputs, context) {
      const layout = block(context);
      const { builder: b, batch } = context;
      const [channels, height, width] = context.shape(node.inputs[0] as string);
      const blocks = (batch * channels) / layout.block;
      return {
        value: layout.average(onlyInput(inputs)),
        backward(gradient, [wanted]) {
          if (wanted !== true) return [null];
          const share = b.emit("Mul", [gradient, b.scalar(1 / (height * width))]);
          const folded = b.reshape(share, [blocks, 1, layout.block]);
          const spread = b.emit("Expand", [folded, b.ints([blocks, height * width, layout.block])]);
          return [b.reshape(spread, [batch, channels, height, width])];
        },
      };
    },
  };
}
