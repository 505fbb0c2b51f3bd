/**
 * A ReLU with a trained ceiling c, one a layer (PACT, Choi et al. 2018; TCL, Ho and Chang 2021).
 *
 *   y = min(max(x, 0), c);  ∂x = ∂y where 0 < x < c;  ∂c = Σ ∂y where x ≥ c
 *
 * Every operator is element by element, so the rule holds for blocked values too.
 */
import type { NodeOf } from "../../graph/node-types.js";
import { type GradientRule, type LoweredNode, type LoweringContext, onlyInput } from "./gradient-rule.js";

export const clipRule: GradientRule<"relu"> = {
  trained: ["ceiling"],
  tracked: [],
  lower: (node, inputs, context) => lowerClip(node, onlyInput(inputs), context),
};

/** @param node with a tensor `ceiling` [1] */
export function lowerClip(node: NodeOf<"relu">, x: string, context: LoweringContext): LoweredNode {
  const { builder: b } = context;
  const ceiling = context.tensor(node, "ceiling");
  const value = b.emit("Min", [b.emit("Relu", [x]), ceiling]);
  return {
    value,
    backward(gradient, [wanted]) {
      const isBelow = b.emit("Cast", [b.emit("Less", [value, ceiling])], castToFloat);
      const passed = b.emit("Mul", [gradient, isBelow]);
      const stopped = b.emit("Sub", [gradient, passed]);
      context.giveGradient(node, "ceiling", sumAll(context, stopped));
      return [wanted === true ? b.emit("Mul", [passed, b.emit("Sign", [value])]) : null];
    },
  };
}

/** ONNX's number of float32. */
export const castToFloat = { to: { int: 1 } };

/** Σ over all elements, [1]. */
export function sumAll({ builder }: LoweringContext, value: string): string {
  return builder.reshape(builder.emit("ReduceSum", [value], { keepdims: { int: 0 } }), [1]);
}
