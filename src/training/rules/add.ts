/** y = Σ xᵢ; every ∂xᵢ = ∂y. */
import type { GradientRule } from "./gradient-rule.js";

export const addRule: GradientRule<"add"> = {
  trained: [],
  tracked: [],
  lower(_, inputs, { builder }) {
    return {
      value: inputs.reduce((sum, input) => builder.emit("Add", [sum, input])),
      backward: (gradient, wanted) => wanted.map((each) => (each ? gradient : null)),
    };
  },
};
