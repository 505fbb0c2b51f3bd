/**
 * Quantisation-clip-floor activation with a trained ceiling c and L levels (QCFS, Bu et al., ICLR 2022, with their
 * shift of ½): what a neuron with V(0) = θ/2 and θ = c does with a constant current in L steps.
 *
 *   y = c/L·clip(⌊x·L/c + ½⌋, 0, L)
 *
 * Straight through: the floor counts as its argument, so y has the slopes of c·clip(x/c, 0, 1) plus c times a constant:
 *
 *   ∂x = ∂y where 0 < x < c;  ∂c = Σ ∂y·(y − x·[0 < x < c])/c
 */
import { castToFloat, sumAll } from "./clip.js";
import { type GradientRule, onlyInput } from "./gradient-rule.js";

/** @param levels L, 1 or more */
export function makeQuantiseRule(levels: number): GradientRule<"relu"> {
  return {
    trained: ["ceiling"],
    tracked: [],
    lower(node, inputs, context) {
      const { builder: b } = context;
      const x = onlyInput(inputs);
      const ceiling = context.tensor(node, "ceiling");
      const [zero, top] = [b.scalar(0), b.scalar(levels)];
      const scaled = b.emit("Mul", [x, b.emit("Div", [top, ceiling])]);
      const counts = b.emit("Clip", [b.emit("Floor", [b.emit("Add", [scaled, b.scalar(0.5)])]), zero, top]);
      const value = b.emit("Mul", [counts, b.emit("Div", [ceiling, top])]);
      return {
        value,
        backward(gradient, [wanted]) {
          const isWithin = b.emit("And", [b.emit("Greater", [x, zero]), b.emit("Less", [x, ceiling])]);
          const within = b.emit("Cast", [isWithin], castToFloat);
          const slope = b.emit("Sub", [value, b.emit("Mul", [x, within])]);
          const sum = sumAll(context, b.emit("Mul", [gradient, slope]));
          context.giveGradient(node, "ceiling", b.emit("Div", [sum, ceiling]));
          return [wanted === true ? b.emit("Mul", [gradient, within]) : null];
        },
      };
    },
  };
}
