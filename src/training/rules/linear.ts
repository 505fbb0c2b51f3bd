/** y = x·Wᵀ + b on flattened x; ∂W = ∂yᵀ·x, ∂b = Σₙ∂y, ∂x = ∂y·W. */
import { type GradientRule, onlyInput } from "./gradient-rule.js";

export const linearRule: GradientRule<"linear"> = {
  trained: ["weight", "bias"],
  tracked: [],
  lower(node, inputs, context) {
    const { builder, batch } = context;
    const shape = context.shape(node.inputs[0] as string);
    const [outputs] = context.shape(node.id);
    const x = builder.reshape(onlyInput(inputs), [batch, shape[0] * shape[1] * shape[2]]);
    const weight = context.tensor(node, "weight");
    const bias = node.tensors.bias === undefined ? [] : [context.tensor(node, "bias")];
    const y = builder.emit("Gemm", [x, weight, ...bias], { transB: { int: 1 } });
    return {
      value: builder.reshape(y, [batch, outputs, 1, 1]),
      backward(gradient, [wanted]) {
        const dy = builder.reshape(gradient, [batch, outputs]);
        context.giveGradient(node, "weight", builder.emit("Gemm", [dy, x], { transA: { int: 1 } }));
        if (bias.length > 0) context.giveGradient(node, "bias", builder.sum(dy, [0], false));
        if (wanted !== true) return [null];
        return [builder.reshape(builder.emit("Gemm", [dy, weight]), [batch, ...shape])];
      },
    };
  },
};
