/**
 * y = max(x, 0) on blocked values. ∂x = ∂y where y > 0: the mask is a hard sigmoid of a slope so
 * steep that every positive float32 above 1e-30 gives 1, which the engine does faster than a comparison.
 */

import { type GradientRule, type LoweringContext, onlyInput } from "../rules/gradient-rule.js";
import { emitMask, reluRule } from "../rules/relu.js";
import type { BlockLayout } from "./block-layout.js";

export function blockedReluRule(block: (context: LoweringContext) => BlockLayout): GradientRule<"relu"> {
  return {
    trained: [],
    tracked: [],
    lower(node, inputs, context) {
      if (node.attributes.max !== null) return reluRule.lower(node, inputs, context);
      const { builder: b } = context;
      const value = block(context).rectify(onlyInput(inputs));
      return {
        value,
        backward(gradient, [wanted]) {
          if (wanted !== true) return [null];
          const mask = emitMask(b, value);
          return [b.emit("Mul", [gradient, mask])];
        },
      };
    },
  };
}
