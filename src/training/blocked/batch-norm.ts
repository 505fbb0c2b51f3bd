/**
 * Batch normalisation on blocked values; formulas as in rules/batch-norm.ts.
 *
 *   σ² = mean(x²) − μ², not below 0
 *   y  = a·x + (β − a·μ)
 *   ∂x = a·(∂y + s·x + r − s·μ),  r = −Σ∂y/m,  s = −1/(σ²+ε)/m·Σ∂y·(x−μ); a convolution takes a into its weight
 */
import type { NodeOf } from "../../graph/node-types.js";
import { refuseSingleValue } from "../rules/batch-norm.js";
import type { FourExtents } from "../rules/conv-geometry.js";
import {
  type GradientRule,
  type LoweredNode,
  type LoweringContext,
  onlyInput,
} from "../rules/gradient-rule.js";
import type { BlockLayout } from "./block-layout.js";

export function blockedBatchNormRule(
  block: (context: LoweringContext) => BlockLayout,
): GradientRule<"batch-norm"> {
  return {
    trained: ["gamma", "beta"],
    tracked: ["mean", "variance"],
    lower(node, inputs, context) {
      const layout = block(context);
      return context.training
        ? lowerTraining(node, onlyInput(inputs), context, layout)
        : lowerEvaluation(node, onlyInput(inputs), context, layout);
    },
  };
}

function lowerTraining(
  node: NodeOf<"batch-norm">,
  x: string,
  context: LoweringContext,
  layout: BlockLayout,
): LoweredNode {
  const { builder: b, batch } = context;
  const extents: FourExtents = [batch, ...context.shape(node.id)];
  const channels = extents[1];
  const m = batch * extents[2] * extents[3];
  if (m < 2) throw refuseSingleValue(node);
  const mu = layout.sumChannels(x, extents, 1 / m);
  const square = layout.sumProducts(x, x, extents, 1 / m);
  const spread = b.emit("Sub", [square, b.emit("Mul", [mu, mu])]);
  const variance = b.emit("Max", [spread, b.scalar(0)]);
  const inverse = invertDeviation(b, variance, node.attributes.epsilon);
  const a = b.emit("Mul", [context.tensor(node, "gamma"), inverse]);
  context.giveTracked(node, "mean", mu);
  context.giveTracked(node, "variance", b.emit("Mul", [variance, b.scalar(m / (m - 1))]));
  return {
    value: emitAffine(layout, x, a, mu, context.tensor(node, "beta"), channels),
    backward(gradient, [wanted]) {
      const rest = layout.sumChannels(gradient, extents, -1 / m);
      const product = layout.sumProducts(gradient, x, extents, -1 / m);
      const correlation = b.emit("Sub", [product, b.emit("Mul", [mu, rest])]);
      const seen = b.emit("Mul", [correlation, inverse]);
      context.giveGradient(node, "beta", b.emit("Mul", [rest, b.scalar(-m)]));
      context.giveGradient(node, "gamma", b.emit("Mul", [seen, b.scalar(-m)]));
      if (wanted !== true) return [null];
      const slope = b.emit("Mul", [seen, inverse]);
      const offset = b.emit("Sub", [rest, b.emit("Mul", [slope, mu])]);
      const value = layout.scale(x, slope, channels, { bias: offset, sum: gradient });
      const dx = layout.scale(value, a, channels);
      context.noteScaled(dx, { value, factor: a });
      return [dx];
    },
  };
}

function lowerEvaluation(
  node: NodeOf<"batch-norm">,
  x: string,
  context: LoweringContext,
  layout: BlockLayout,
): LoweredNode {
  const { builder: b } = context;
  const inverse = invertDeviation(b, context.tensor(node, "variance"), node.attributes.epsilon);
  const a = b.emit("Mul", [context.tensor(node, "gamma"), inverse]);
  const [channels] = context.shape(node.id);
  return {
    value: emitAffine(layout, x, a, context.tensor(node, "mean"), context.tensor(node, "beta"), channels),
    backward(): never {
      throw new RangeError("batch norm has no gradient under running statistics");
    },
  };
}

function invertDeviation(b: BlockLayout["builder"], variance: string, epsilon: number): string {
  return b.emit("Reciprocal", [b.emit("Sqrt", [b.emit("Add", [variance, b.scalar(epsilon)])])]);
}

function emitAffine(
  layout: BlockLayout,
  x: string,
  a: string,
  mu: string,
  beta: string,
  channels: number,
): string {
  const { builder: b } = layout;
  const bias = b.emit("Sub", [beta, b.emit("Mul", [a, mu])]);
  return layout.scale(x, a, channels, { bias });
}
