/**
 * The operators that can be trained through, each with its rule.
 *
 * A new operator is one more file and one more line here.
 */
import { refuseInput } from "../../core/respike-error.js";
import type { GraphNode, Op } from "../../graph/node-types.js";
import { addRule } from "./add.js";
import { batchNormRule } from "./batch-norm.js";
import { convRule, makeConvRule } from "./conv.js";
import type { GradientRule, LoweringContext } from "./gradient-rule.js";
import { linearRule } from "./linear.js";
import { poolRule } from "./pool.js";
import { reluRule } from "./relu.js";
import { shortcutRule } from "./shortcut.js";
import { emitWeightProducts } from "./weight-gradient-products.js";

/** A rule for each operator that can be trained through. */
export type GradientRules = { readonly [O in Op]?: GradientRule<O> } & {
  /** The sum of two gradients of one value; an Add where it is missing. */
  readonly sumGradients?: (a: string, b: string, context: LoweringContext) => string;
};

export const gradientRules: GradientRules = {
  conv: convRule,
  "batch-norm": batchNormRule,
  relu: reluRule,
  add: addRule,
  pool: poolRule,
  linear: linearRule,
  shortcut: shortcutRule,
};

/** The same with ∂w as matrix products, which a graphics card is better at. */
export const productRules: GradientRules = { ...gradientRules, conv: makeConvRule(emitWeightProducts) };

/** The rule of a node's operator; an `input` has none. @throws RespikeError (exit 3) where the operator cannot be trained */
export function findRule(node: GraphNode, rules: GradientRules = gradientRules): GradientRule<Op> {
  const rule = rules[node.op];
  if (rule === undefined) {
    throw refuseInput({
      code: "cannot-train",
      where: `${node.id} (${node.op})`,
      rule: `operators that can be trained: ${Object.keys(gradientRules).join(", ")}`,
      value: node.op,
      next: "train the network before it is converted",
    });
  }
  return rule as unknown as GradientRule<Op>;
}
