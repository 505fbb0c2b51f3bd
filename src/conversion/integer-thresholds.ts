/**
 * The largest integer scale of each channel for which no sum of a step overflows, and the tensors at it.
 *
 * Knows: worst cases of rounded sums. May not know: kernels, membranes over time.
 */
import { refuseInput } from "../core/respike-error.js";
import { makeTensor, type Tensor } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import { nodeProblem } from "../graph/node-rules.js";
import { type GraphNode, isOp } from "../graph/node-types.js";
import { mostThresholds } from "../graph/refinement.js";
import type { SpikeAlphabet } from "../graph/spike-alphabet.js";
import { sentAlphabet } from "../graph/spike-sources.js";
import type { WeightedNode } from "./scale-weights.js";
import { readNumbers } from "./tensor-values.js";
import { type Synapses, traceSources, traceSynapses } from "./trace-synapses.js";

export type IntegerFormat = "int16" | "int32";

/** Largest θ, and largest |current| of a step. */
export const integerLimits: Readonly<Record<IntegerFormat, number>> = { int16: 32_767, int32: 524_287 };

/** Largest |constant current| where layers refine, whatever the format: it enters 32 bits. */
const constantLimit = integerLimits.int32;

/** What the integers of a channel have to stay within. */
export interface Limits {
  /** |Current| of a step, and any |weight|. */
  readonly step: number;
  /** |Constant current| where it enters once; null where it is part of each step's. */
  readonly constant: number | null;
  readonly theta: number;
}

function limitsOf(target: QuantisedNode, format: IntegerFormat): Limits {
  const step = integerLimits[format];
  if (target.attributes.refine === undefined) return { step, constant: null, theta: step };
  const theta = isOp(target, "neuron") ? Math.floor(mostThresholds / target.attributes.hi) : step;
  return { step, constant: constantLimit, theta: Math.min(step, theta) };
}

type QuantisedNode = Extract<GraphNode, { op: "neuron" | "output" }>;

export interface QuantisedTarget {
  /** θ of each channel [C]. */
  readonly thresholds: Int32Array;
  /** The weighted nodes, in integers. */
  readonly synapses: readonly GraphNode[];
  readonly current: Tensor<"int32">;
  /** The first channel for which even θ = 1 is too large; null where all fit. */
  readonly tooLarge: number | null;
  /** Largest |integer weight|. */
  readonly largestWeight: number;
}

/** The weights that one channel of a target receives from one group of synapses. */
export interface ChannelWeights {
  readonly weights: Float64Array;
  /** Of the image: the largest |pixel|; null for spikes, which lie in `spikes`. */
  readonly largestPixel: number | null;
  readonly spikes: SpikeAlphabet;
}

/**
 * @param largestPixel largest |x̂| that the preprocessing can give
 * @throws RespikeError (exit 3) where one weighted channel drives several of the target's
 */
export function quantiseTarget(
  graph: Graph,
  target: QuantisedNode,
  format: IntegerFormat,
  largestPixel: number,
): QuantisedTarget {
  const groups = traceSynapses(graph, target);
  const read = groups.map((group) => readGroup(graph, group, largestPixel));
  const [channels] = graph.shape(target.id);
  const currents = readNumbers(target, "current");
  const perChannel = currents.length / channels;
  const limits = limitsOf(target, format);
  const thresholds = new Int32Array(channels).map((_, c) => {
    const own = currents.subarray(c * perChannel, (c + 1) * perChannel);
    return largestThreshold(
      read.flatMap((group) => weightsOf(group, c)),
      own,
      limits,
    );
  });
  const synapses = groups.map((group) => quantiseNode(group, thresholds, format));
  const tooLarge = thresholds.indexOf(0);
  return {
    thresholds,
    tooLarge: tooLarge < 0 ? null : tooLarge,
    synapses: synapses.map(({ node }) => node),
    current: makeTensor(
      "int32",
      target.tensors.current?.shape ?? [],
      Int32Array.from(currents, (value, at) =>
        Math.round(value * (thresholds[Math.floor(at / perChannel)] as number)),
      ),
    ),
    largestWeight: synapses.reduce((most, { largest }) => Math.max(most, largest), 0),
  };
}

/** A group of synapses and what may come through it. */
interface WeightGroup extends Omit<ChannelWeights, "weights"> {
  readonly all: Float64Array;
  /** Weights of an output channel. */
  readonly perOutput: number;
  readonly channels: Int32Array;
}

function readGroup(graph: Graph, { node, channels }: Synapses, largestPixel: number): WeightGroup {
  const all = readNumbers(node, nameOf(node));
  const sources = traceSources(graph, node.inputs[0] as string);
  const alphabets = sources
    .filter((source) => !isOp(source, "input"))
    .map((source) => sentAlphabet(graph, source));
  const spikes = {
    lo: Math.min(0, ...alphabets.map(({ lo }) => lo)),
    hi: Math.max(0, ...alphabets.map(({ hi }) => hi)),
  };
  const isImage = alphabets.length < sources.length;
  return {
    all,
    perOutput: all.length / graph.shape(node.id)[0],
    channels,
    spikes,
    largestPixel: isImage ? Math.max(largestPixel, spikes.hi, -spikes.lo) : null,
  };
}

function weightsOf(
  { all, perOutput, channels, spikes, largestPixel }: WeightGroup,
  c: number,
): readonly ChannelWeights[] {
  const channel = channels[c] as number;
  if (channel < 0) return [];
  return [{ weights: all.subarray(channel * perOutput, (channel + 1) * perOutput), spikes, largestPixel }];
}

const nameOf = (node: WeightedNode) => (node.op === "affine" ? "scale" : "weight");

/** Scales that are guessed before halving takes over. */
const mostGuesses = 6;

/**
 * Largest k of 0…limit whose worst case fits. Every term grows with k, nearly in proportion: what one k takes tells where the
 * largest lies, and where guesses do not meet it halving does.
 *
 * @returns 0 where not even 1 fits
 */
export function largestThreshold(
  groups: readonly ChannelWeights[],
  current: Float64Array,
  { step, constant, theta }: Limits,
): number {
  const once = groups.filter(({ largestPixel }) => largestPixel !== null);
  const each = groups.filter(({ largestPixel }) => largestPixel === null);
  /** Of the limits, the share that is taken; k fits up to 1. */
  const shareOf = (k: number) =>
    constant === null
      ? worstCase(groups, current, k) / step
      : Math.max(
          worstCase(once, current, k) / constant,
          worstCase(each, none, k) / step,
          largestWeight(once, k) / step,
        );
  let [fits, tooLarge] = [0, theta + 1];
  for (let k = theta, guesses = 1; tooLarge - fits > 1; guesses++) {
    const share = shareOf(k);
    if (share <= 1) fits = k;
    else tooLarge = k;
    const guess = guesses < mostGuesses ? Math.floor(k / share) : Math.floor((fits + tooLarge) / 2);
    k = Math.max(fits + 1, Math.min(tooLarge - 1, guess));
  }
  return fits;
}

const none = new Float64Array(0);

function largestWeight(groups: readonly ChannelWeights[], k: number): number {
  const ofGroup = ({ weights }: ChannelWeights) =>
    weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  return Math.round(k * groups.reduce((most, group) => Math.max(most, ofGroup(group)), 0));
}

/**
 * The larger of Σ⁺ and −Σ⁻, and of any |weight|, with all of it rounded at scale k; spikes of lo < 0 excite through
 * negative weights.
 */
function worstCase(groups: readonly ChannelWeights[], current: Float64Array, k: number): number {
  let [highest, lowest, largest] = [0, 0, 0];
  for (const value of current) {
    highest = Math.max(highest, Math.round(k * value));
    lowest = Math.min(lowest, Math.round(k * value));
  }
  for (const { weights, largestPixel, spikes } of groups) {
    let [positive, negative] = [0, 0];
    for (const weight of weights) {
      const w = Math.round(k * weight);
      if (w > 0) positive += w;
      else negative += w;
      largest = Math.max(largest, Math.abs(w));
    }
    if (largestPixel === null) {
      highest += positive * spikes.hi + negative * spikes.lo;
      lowest += negative * spikes.hi + positive * spikes.lo;
    } else {
      const pixel = Math.ceil(largestPixel * 65_536 + 0.5) / 65_536;
      const sum = Math.ceil((positive - negative) * pixel);
      highest += sum;
      lowest -= sum;
    }
  }
  return Math.max(highest, -lowest, largest);
}

function quantiseNode(
  { node, channels }: Synapses,
  thresholds: Int32Array,
  format: IntegerFormat,
): { readonly node: GraphNode; readonly largest: number } {
  const name = nameOf(node);
  const weight = readNumbers(node, name);
  const shape = node.tensors[name]?.shape ?? [];
  const outputs = shape[0] ?? 1;
  const scale = new Float64Array(outputs);
  for (const [c, channel] of channels.entries()) {
    if (channel < 0) continue;
    if (scale[channel] !== 0 && scale[channel] !== thresholds[c]) throw refuseSpread(node);
    scale[channel] = thresholds[c] as number;
  }
  const perOutput = weight.length / outputs;
  const rounded = new Float64Array(weight.length);
  let largest = 0;
  for (let output = 0, at = 0; output < outputs; output++) {
    const k = scale[output] as number;
    for (const end = at + perOutput; at < end; at++) {
      const w = Math.round((weight[at] as number) * k);
      rounded[at] = w;
      largest = Math.max(largest, Math.abs(w));
    }
  }
  const tensor =
    format === "int16"
      ? makeTensor("int16", shape, Int16Array.from(rounded))
      : makeTensor("int32", shape, Int32Array.from(rounded));
  return {
    node: { ...node, tensors: { ...node.tensors, [name]: tensor } } as GraphNode,
    largest,
  };
}

function refuseSpread(node: GraphNode) {
  return refuseInput({
    ...nodeProblem(
      node,
      "a weighted channel drives one channel",
      "it drives several",
      "use --number float32",
    ),
    code: "not-convertible",
  });
}
