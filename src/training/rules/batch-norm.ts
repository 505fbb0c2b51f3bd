/**
 * Batch normalisation (Ioffe and Szegedy 2015), as PyTorch's BatchNorm2d counts it.
 *
 *   training:   μ = mean(x), σ² = mean((x−μ)²) over (n,h,w), m = N·H·W
 *               y = γ·(x−μ)/√(σ²+ε) + β
 *               running ← 0.9·running + 0.1·(μ, σ²·m/(m−1))
 *   evaluation: the running mean and variance in place of μ and σ²
 *
 *   a = γ/√(σ²+ε), ∂β = Σ∂y, ∂γ = Σ∂y·(x−μ)/√(σ²+ε)
 *   ∂x = a·(∂y − Σ∂y/m − (x−μ)/(σ²+ε)/m·Σ∂y·(x−μ)); a convolution takes a into its weight
 */
import { refuseInput } from "../../core/respike-error.js";
import type { NodeOf } from "../../graph/node-types.js";
import { type GradientRule, type LoweringContext, onlyInput } from "./gradient-rule.js";

/** The weight of the newest batch in the running statistics. */
export const runningMomentum = 0.1;

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
  trackStatistics(node, mu, variance, m / (m - 1), context);
  return {
    value: b.reshape(y, [batch, channels, height, width]),
    backward(gradient: string, [wanted]: readonly boolean[]) {
      const dy = b.reshape(gradient, [batch, channels, height * width]);
      const sum = b.sum(dy, [0, 2], true);
      const correlation = b.sum(b.emit("Mul", [dy, centred]), [0, 2], true);
      context.giveGradient(node, "beta", b.reshape(sum, [channels]));
      context.giveGradient(node, "gamma", b.reshape(b.emit("Mul", [correlation, inverse]), [channels]));
      if (wanted !== true) return [null];
      const share = (value: string) => b.emit("Mul", [value, b.scalar(-1 / m)]);
      const slope = b.emit("Mul", [share(correlation), b.emit("Mul", [inverse, inverse])]);
      const along = b.emit("Add", [b.emit("Mul", [centred, slope]), share(sum)]);
      const value = b.reshape(b.emit("Add", [dy, along]), [batch, channels, height, width]);
      const factor = b.reshape(a, [channels]);
      const dx = b.emit("Mul", [value, b.reshape(a, [channels, 1, 1])]);
      context.noteScaled(dx, { value, factor });
      return [dx];
    },
  };
}

/** running ← 0.9·running + 0.1·(μ, σ²·unbias) */
export function trackStatistics(
  node: NodeOf<"batch-norm">,
  mean: string,
  variance: string,
  unbias: number,
  context: LoweringContext,
): void {
  const { builder: b } = context;
  const [channels] = context.shape(node.id);
  const mix = (name: string, newest: string, factor: number) => {
    const kept = b.emit("Mul", [context.tensor(node, name), b.scalar(1 - runningMomentum)]);
    const added = b.emit("Mul", [b.reshape(newest, [channels]), b.scalar(runningMomentum * factor)]);
    context.giveTracked(node, name, b.emit("Add", [kept, added]));
  };
  mix("mean", mean, 1);
  mix("variance", variance, unbias);
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
