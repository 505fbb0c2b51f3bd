/**
 * Weights, currents and thresholds as integers of which no sum can overflow.
 *
 * Knows: the integer meaning of graph/snn.ts. May not know: kernels.
 *
 * Of each output channel θ is the largest integer k up to the format's limit (32,767 for int16, 524,287
 * for int32) for which the worst cases Σ⁺ and Σ⁻ of the rounded weights round(k·W̃), all sources sending
 * their largest or most negative spike at once, the constant current included, stay within the limit. Borders only
 * leave synapses out, so the bound of all taps holds for every position. V(0) = ⌊k·v0⌋; an output's
 * `scale` is k, so that its logits are exact quotients. Layers that refine have other limits (integer-thresholds.ts), and what is constant, which
 * enters once, is none of a step's worst case.
 */
import { refuseInput, refuseUsage } from "../../core/respike-error.js";
import { makeTensor, type Tensor } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import { nodeProblem } from "../../graph/node-rules.js";
import { type GraphNode, isOp } from "../../graph/node-types.js";
import { largestInput } from "../../graph/preprocessing.js";
import { stepLimits } from "../../graph/step-limits.js";
import { type IntegerFormat, type QuantisedTarget, quantiseTarget } from "../integer-thresholds.js";
import type { Pass, PassContext } from "../pass.js";
import { listTargets, traceSynapses } from "../trace-synapses.js";

/** An int16 layer whose largest weight is below this becomes int32 with `auto`. */
const coarsestWeight = 127;

export const numberFormat: Pass = {
  name: "number-format",
  preserves: () => "nothing",
  run(graph, context) {
    if (context.options.number === "float32") return checkSteps(graph, context);
    const largestPixel = largestInput(context.preprocessing);
    const changed = new Map<string, GraphNode>();
    for (const target of listTargets(graph)) {
      for (const node of recallTarget(graph, target, context, largestPixel)) {
        if (changed.has(node.id)) throw refuseShared(node);
        changed.set(node.id, node);
      }
    }
    return checkSteps(
      graph.rewrite((node) => changed.get(node.id) ?? node),
      context,
    );
  },
};

/**
 * As formatted before, where the context remembers it and nothing that decides it has changed: its own numbers and those of
 * its synapses. (What its sources may send does not change within a conversion.)
 */
function recallTarget(
  graph: Graph,
  target: Extract<GraphNode, { op: "neuron" | "output" }>,
  context: PassContext,
  largestPixel: number,
): readonly GraphNode[] {
  const parts = [target, ...traceSynapses(graph, target).map(({ node }) => node)];
  const decides = parts.flatMap(({ tensors, attributes, inputs }) => [tensors, attributes, inputs.join(" ")]);
  const known = context.formatted?.get(target.id);
  if (known !== undefined && decides.every((part, at) => part === known.decides[at])) return known.nodes;
  const nodes = formatTarget(graph, target, context, largestPixel);
  context.formatted?.set(target.id, { decides, nodes });
  return nodes;
}

function formatTarget(
  graph: Graph,
  target: Extract<GraphNode, { op: "neuron" | "output" }>,
  { options }: PassContext,
  largestPixel: number,
): readonly GraphNode[] {
  const from = graph.node(target.inputs[0] as string);
  if (isOp(target, "output") && isOp(from, "neuron")) return [target];
  const { format, quantised } = chooseFormat(graph, target, options.number, largestPixel);
  const { thresholds, synapses, current } = quantised;
  const theta = makeTensor("int32", [thresholds.length], thresholds);
  const tensors: Record<string, Tensor> = isOp(target, "neuron")
    ? { threshold: theta, v0: quantiseV0(target, thresholds), current }
    : { scale: scaleOutput(target, thresholds), current };
  const attributes = { ...target.attributes, number: format };
  return [...synapses, { ...target, attributes, tensors } as GraphNode];
}

/**
 * `auto` is int16, and int32 where no int16 θ exists or its largest weight is too coarse.
 *
 * @throws RespikeError (exit 3) where the weights of a channel do not fit the format
 */
function chooseFormat(
  graph: Graph,
  target: Extract<GraphNode, { op: "neuron" | "output" }>,
  wish: PassContext["options"]["number"],
  largestPixel: number,
): { readonly format: IntegerFormat; readonly quantised: QuantisedTarget } {
  const quantise = (format: IntegerFormat) => ({
    format,
    quantised: quantiseTarget(graph, target, format, largestPixel),
  });
  const narrow = wish === "int32" ? quantise("int32") : quantise("int16");
  const { tooLarge, largestWeight } = narrow.quantised;
  const isCoarse = tooLarge !== null || (largestWeight > 0 && largestWeight < coarsestWeight);
  const chosen = wish === "auto" && isCoarse ? quantise("int32") : narrow;
  if (chosen.quantised.tooLarge === null) return chosen;
  throw refuseTooLarge(target, chosen.quantised.tooLarge, chosen.format);
}

function refuseTooLarge(target: GraphNode, channel: number, format: IntegerFormat) {
  return refuseInput({
    ...nodeProblem(
      target,
      `the weights of a channel, relative to θ, fit into ${format}`,
      `channel ${channel} does not, even at θ = 1`,
      "use --number float32, --lambda-scope layer or more calibration images",
    ),
    code: "weights-too-large",
  });
}

/** θ, times the scale that the output had (where layers refine, 1/q₀). */
function scaleOutput({ tensors }: GraphNode, thresholds: Int32Array): Tensor {
  const scale = tensors.scale?.data as ArrayLike<number> | undefined;
  const values = thresholds.map((theta, c) => theta * (scale?.[c] ?? 1));
  return makeTensor("int32", [thresholds.length], values);
}

/** ⌊k·v0⌋, one a channel, or one a neuron where v0 is. */
function quantiseV0({ tensors }: GraphNode, thresholds: Int32Array): Tensor {
  const v0 = tensors.v0?.data as ArrayLike<number>;
  const channels = thresholds.length;
  const perChannel = Math.max(1, v0.length / channels);
  const values = new Int32Array(channels * perChannel).map((_, at) => {
    const theta = thresholds[Math.floor(at / perChannel)] as number;
    return Math.floor(theta * (v0[v0.length === 1 ? 0 : at] as number));
  });
  const isPerNeuron = v0.length > channels;
  return makeTensor("int32", isPerNeuron ? (tensors.v0?.shape ?? []) : [channels], values);
}

/** @throws RespikeError (exit 2) where T is above what a layer's format allows */
function checkSteps(graph: Graph, { options }: PassContext): Graph {
  for (const target of listTargets(graph)) {
    const { number } = target.attributes;
    const limit = stepLimits[number];
    if (options.T <= limit) continue;
    throw refuseUsage({
      code: "too-many-steps",
      where: target.id,
      rule: `a layer in ${number} runs at most ${limit} steps`,
      value: `T = ${options.T}`,
      next: "choose a smaller T, --number int16 or --number float32",
    });
  }
  return graph;
}

function refuseShared(node: GraphNode) {
  return refuseInput({
    ...nodeProblem(node, "weights drive one layer", "they drive two", "use --number float32"),
    code: "not-convertible",
  });
}
