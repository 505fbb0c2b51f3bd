/** y = Σ xᵢ on blocked values, by the convolution that one of them is; every ∂xᵢ = ∂y. */
import { addRule } from "../rules/add.js";
import type { GradientRule, LoweringContext } from "../rules/gradient-rule.js";
import type { BlockLayout } from "./block-layout.js";

export function blockedAddRule(block: (context: LoweringContext) => BlockLayout): GradientRule<"add"> {
  return {
    ...addRule,
    lower(_, inputs, context) {
      const layout = block(context);
      return {
        value: inputs.reduce((sum, input) => layout.add(sum, input)),
        backward: (gradient, wanted) => wanted.map((each) => (each ? gradient : null)),
      };
    },
  };
}
