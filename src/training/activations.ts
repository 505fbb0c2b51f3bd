/**
 * What a network is trained with where its ReLUs stand, so that few steps of spikes lose less later.
 *
 * Knows: kinds of activations, ceilings on the graph's ReLUs. May not know: how an activation is computed (rules/).
 *
 * A ceiling is a tensor `ceiling` [1] of a `relu`, in files `<layer>.relu.ceiling`; the node's `max` has its value too,
 * so that a graph with ceilings is a clipped network to everybody else.
 */
import { refuseUsage } from "../core/respike-error.js";
import { float32Tensor } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import { type GraphNode, isOp } from "../graph/node-types.js";
import { clipRule } from "./rules/clip.js";
import type { GradientRule } from "./rules/gradient-rule.js";
import { makeQuantiseRule } from "./rules/quantise.js";

/**
 * `relu`: nothing new. `clip`: y = clip(x, 0, c) with a trained c a layer. `qcfs`: that, rounded to multiples of
 * c/L (rules/quantise.ts).
 */
export type ActivationPlan =
  | { readonly kind: "relu" }
  | { readonly kind: "clip" }
  | { readonly kind: "qcfs"; readonly levels: number };

/** What a training without a word about it has. */
export const plainActivation: ActivationPlan = { kind: "relu" };

/** Where training of ceilings begins unless said: few values of a batch-normalised layer are larger. */
export const initialCeiling = 4;

const mostLevels = 1024;
export const activationRule = `relu, clip or qcfs:L with L from 1 to ${mostLevels}`;

/**
 * `relu`, `clip` or `qcfs:8`.
 *
 * @throws RespikeError (exit 2) for anything else
 */
export function parseActivation(text: string): ActivationPlan {
  if (text === "relu" || text === "clip") return { kind: text };
  const levels = /^qcfs:[1-9]\d{0,3}$/.test(text) ? Number(text.slice(5)) : Number.NaN;
  if (levels <= mostLevels) return { kind: "qcfs", levels };
  throw refuseUsage({
    code: "usage",
    where: "--activation",
    rule: activationRule,
    value: text,
    next: "write --activation qcfs:8, or leave it out",
  });
}

/** As `parseActivation` reads it. */
export function printActivation(plan: ActivationPlan): string {
  return plan.kind === "qcfs" ? `qcfs:${plan.levels}` : plan.kind;
}

/**
 * The network with a ceiling on every ReLU, or the network itself where the plan wants none. ReLUs that have a
 * maximum begin with that, those that have a ceiling keep it.
 *
 * @param initial where the others begin; a lower one costs accuracy and spares steps
 * @throws RespikeError (exit 2) where L is no integer from 1 to 1024 or a ceiling would not be above 0
 */
export function addCeilings(graph: Graph, plan: ActivationPlan, initial: number = initialCeiling): Graph {
  if (plan.kind === "relu") return graph;
  parseActivation(printActivation(plan));
  if (!(initial > 0 && initial < 1e6)) {
    const rule = "a number above 0 and below a million";
    const next = `leave it out for ${initialCeiling}`;
    throw refuseUsage({ code: "usage", where: "initial ceiling", rule, value: `${initial}`, next });
  }
  return new Graph(
    graph.nodes.map((node): GraphNode => {
      if (!isOp(node, "relu") || node.tensors.ceiling !== undefined) return node;
      const max = Math.fround(node.attributes.max ?? initial);
      const tensors = { ceiling: float32Tensor([1], [max]) };
      return { ...node, attributes: { ...node.attributes, max }, tensors };
    }),
  );
}

/** The rules that the network of `addCeilings` is lowered with; plain and blocked ones alike. */
export function chooseActivationRules<Rules extends { readonly relu?: GradientRule<"relu"> }>(
  rules: Rules,
  plan: ActivationPlan,
): Rules {
  if (plan.kind === "relu") return rules;
  return { ...rules, relu: plan.kind === "clip" ? clipRule : makeQuantiseRule(plan.levels) };
}
