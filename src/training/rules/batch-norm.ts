/**
 * Batch normalisation (Ioffe and Szegedy 2015), as PyTorch's BatchNorm2d counts it.
 *
 *   training:   μ = mean(x), σ² = mean((x−μ)²) over (n,h,w), m = N·H·W
 *               y = γ·(x−μ)/√(σ²+ε) + β
 *               the running statistics follow μ and σ²·m/(m−1)
 *   evaluation: the running mean and variance in place of μ and σ²
 *
 *   a = γ/√(σ²+ε), ∂β = Σ∂y, ∂γ = Σ∂y·(x−μ)/√(σ²+ε)
 *   ∂x = a·(∂y − Σ∂y/m − (x−μ)/(σ²+ε)/m·Σ∂y·(x−μ)); a convolution takes a into its weight
 */
import { refuseInput } from "../../core/respike-error.js";
import type { NodeOf } from "../../graph/node-types.js";
import { type GradientRule, type LoweringContext, onlyInput } from "./gradient-rule.js";

export const batchNormRule: GradientRule<"batch-norm"> = {
  trained: ["gamma", "beta"],
  tracked: ["mean", "variance"],
  lower(node, inputs, context) {
    return context.training
      ? lowerTraining(node, onlyInput(inputs), context)
      : lowerEvaluation(node, onlyInput(inputs), context);
  },
};

function lowerTraining(node: NodeOf<"batch-norm">, input: string, context: LoweringContext) {
  const { builder: b, batch } = context;
  const [channels, height, width] = context.shape(node.id);
  const m = batch * height * width;
  if (m < 2) throw refuseSingleValue(node);
  const perChannel = (name: string) => b.reshape(context.tensor(node, name), [1, channels, 1]);
  const mean = (value: string) =>
    b.emit("ReduceMean", [value], { axes: { ints: [0, 2] }, keepdims: { int: 1 } });
  const x = b.reshape(input, [batch, channels, height * width]);
  const mu = mean(x);
  const centred = b.emit("Sub", [x, mu]);
  const variance = mean(b.emit("Mul", [centred, centred]));
  const inverse = b.emit("Reciprocal", [
    b.emit("Sqrt", [b.emit("Add", [variance, b.scalar(node.attributes.epsilon)])]),
  ]);
  const a = b.emit("Mul", [perChannel("gamma"), inverse]);
  const y = b.emit("Add", [b.emit("Mul", [centred, a]), perChannel("beta")]);
  const unbiased = b.emit("Mul", [b.reshape(variance, [channels]), b.scalar(m / (m - 1))]);
  context.giveTracked(node, "mean", b.reshape(mu, [channels]));
  context.giveTracked(node, "variance", unbiased);
  return {
    value: b.reshape(y, [batch, channels, height, width]),
    backward: (gradient: string, [wanted]: readonly boolean[]) => {
      const dy = b.reshape(gradient, [batch, channels, height * width]);
      const sum = b.sum(dy, [0, 2], true);
      const correlation = b.sum(b.emit("Mul", [dy, centred]), [0, 2], true);
      context.giveGradient(node, "beta", b.reshape(sum, [channels]));
      context.giveGradient(node, "gamma", b.reshape(b.emit("Mul", [correlation, inverse]), [channels]));
      if (wanted !== true) return [null];
      const share = (total: string) => b.emit("Mul", [total, b.scalar(-1 / m)]);
      const slope = b.emit("Mul", [share(correlation), b.emit("Mul", [inverse, inverse])]);
      const along = b.emit("Add", [b.emit("Mul", [centred, slope]), share(sum)]);
      const value = b.reshape(b.emit("Add", [dy, along]), [batch, channels, height, width]);
      return [multiply(value, b.reshape(a, [channels]), context)];
    },
  };
}

/** A gradient times a factor [C], which the next rule may put elsewhere. */
function multiply(value: string, factor: string, context: LoweringContext): string {
  const { builder: b } = context;
  const product = b.emit("Mul", [value, b.reshape(factor, [-1, 1, 1])]);
  context.noteScaled(product, { value, factor });
  return product;
}

function lowerEvaluation(node: NodeOf<"batch-norm">, input: string, context: LoweringContext) {
  const tensors = ["gamma", "beta", "mean", "variance"].map((name) => context.tensor(node, name));
  const value = context.builder.emit("BatchNormalization", [input, ...tensors], {
    epsilon: { float: node.attributes.epsilon },
  });
  return {
    value,
    backward(): never {
      throw new RangeError("batch norm has no gradient under running statistics");
    },
  };
}

export function refuseSingleValue(node: NodeOf<"batch-norm">) {
  return refuseInput({
    code: "cannot-train",
    where: `${node.id} (batch-norm)`,
    rule: "batch statistics need at least two values a channel",
    value: "one image of one pixel",
    next: "choose a larger batch",
  });
}
