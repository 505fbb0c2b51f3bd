/**
 * What will be evaluated, resolved and checked before the first image.
 *
 * Knows: options of the contract and their defaults. May not know: threads, folders, results.
 */
import { type Problem, refuseUsage } from "../core/respike-error.js";
import { countElements } from "../core/tensor.js";
import type { ImageSet } from "../datasets/dataset.js";
import { hashIndices } from "../datasets/decoded-split.js";
import { isMadeForOneT } from "../graph/made-for-steps.js";
import { isOp, type NodeAttributes, type Readout, type Refinement } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import { nameAlphabets, nameNumberFormats } from "../graph/spike-sources.js";
import { checkRequest } from "../simulator/check-request.js";
import { planSnn } from "../simulator/plan/plan-snn.js";
import type { SnnPlan } from "../simulator/plan/snn-plan.js";
import type { BackendName } from "./backend-list.js";
import { checkImages } from "./check-images.js";
import { countAnnMacs, countAnnMacsPadded, countFirstLayerMacs, countNeurons } from "./count-operations.js";
import type { EarlyExitSetup } from "./early-exit/early-exit-setup.js";
import { collectRunOptions } from "./resolve-run-options.js";
import { type Shard, shardRange } from "./shards.js";

/** Options named as the flags; whatever is left out has the contract's default. */
export interface EvaluationOptions {
  readonly split?: string | undefined;
  readonly n?: number | "all" | undefined;
  readonly T?: number | undefined;
  readonly at?: readonly number[] | undefined;
  readonly readout?: Readout | undefined;
  readonly delay?: number | undefined;
  readonly input?: "current" | "poisson" | undefined;
  readonly seed?: number | undefined;
  readonly backend?: BackendName | undefined;
  /** False with --no-ann. */
  readonly ann?: boolean | undefined;
  readonly hash?: boolean | undefined;
  readonly shard?: Shard | undefined;
  /** P: images stop early; at most this share of the decisions differs from those at T. */
  readonly earlyExit?: number | undefined;
  /** Images a worker takes at once; by size where left out. No result depends on it. */
  readonly batch?: number | undefined;
  /** Where spiking.wasm lies, dense.wasm beside it; if not in the package. */
  readonly wasmUrl?: URL | undefined;
}

/** What decides the results, as plain JSON: a resumed run and merged shards must agree on it. */
export interface EvaluationSetup {
  readonly data: { readonly name: string; readonly split: string };
  readonly classes: number;
  readonly options: {
    readonly data: string;
    readonly split: string;
    readonly n: number;
    readonly T: number;
    readonly at: readonly number[];
    readonly readout: Readout;
    readonly delay: number;
    readonly input: "current" | "poisson";
    readonly seed: number;
    readonly backend: BackendName;
    readonly ann: boolean;
    readonly hash: boolean;
    /** `i/k`, or null for everything. */
    readonly shard: string | null;
    /** Only with early exit. */
    readonly earlyExit?: number;
  };
  /** With early exit, once it is fitted. */
  readonly earlyExit?: EarlyExitSetup;
  /** Of all images, shard or not. */
  readonly indicesSha256: string;
  readonly layers: readonly { readonly name: string; readonly neurons: number }[];
  readonly counts: {
    readonly neurons: number;
    readonly firstLayerMacs: number;
    readonly annMacs: number;
    readonly annMacsPadded: number;
  };
  /** Number formats of the layers: `int16`, `int16+int32`. */
  readonly number: string;
  /** Spike alphabets of the layers: `binary`, `burst:4`. */
  readonly alphabet: string;
  /** T that thresholds, currents, potentials or the readout were made for; null where any T fits. */
  readonly madeForT: number | null;
  /** Only where layers refine. */
  readonly refine?: Refinement;
}

export interface EvaluationPlan {
  readonly snn: Snn;
  /** What the simulator runs; workers share it. */
  readonly stages: SnnPlan;
  readonly images: ImageSet;
  readonly setup: EvaluationSetup;
  /** Places in `images` of this run's images, and the position of the first among all. */
  readonly indices: Uint32Array;
  readonly start: number;
  readonly batch: number;
  readonly wasmUrl: URL | undefined;
}

/** Times observed where the caller names none, those below T; T is always observed. */
export const defaultTimes = [8, 16, 32, 64, 128, 256, 350];

/**
 * @param data name of the data set, as the results show it
 * @throws RespikeError exit 2 for options out of bounds, exit 3 for images or labels that the network cannot take
 */
export function planEvaluation(
  snn: Snn,
  images: ImageSet,
  data: string,
  options: EvaluationOptions = {},
): EvaluationPlan {
  const setup = resolveSetup(snn, images, data, options);
  const stages = planSnn(snn.graph);
  checkSimulation(stages, setup.options);
  checkImages(snn, images, setup.classes, setup.options);
  const all = Uint32Array.from({ length: setup.options.n }, (_, index) => index);
  const [start, end] = shardRange(options.shard, all.length);
  return {
    snn,
    stages,
    images,
    setup: { ...setup, indicesSha256: hashIndices(all) },
    indices: all.subarray(start, end),
    start,
    batch: options.batch ?? chooseBatch(setup),
    wasmUrl: options.wasmUrl,
  };
}

function resolveSetup(
  snn: Snn,
  images: ImageSet,
  data: string,
  options: EvaluationOptions,
): Omit<EvaluationSetup, "indicesSha256"> {
  const { graph, network } = snn;
  const { refine } = graph.node(graph.output.id).attributes as NodeAttributes["output"];
  const resolved = resolveOptions(snn, images.n, data, options);
  const neurons = graph.nodes.filter((node) => isOp(node, "neuron"));
  return {
    data: { name: data, split: resolved.split },
    classes: countElements(graph.shape(graph.output.id)),
    options: resolved,
    layers: neurons.map(({ id }) => ({ name: id, neurons: countElements(graph.shape(id)) })),
    counts: {
      neurons: countNeurons(graph),
      firstLayerMacs: countFirstLayerMacs(graph),
      annMacs: countAnnMacs(network),
      annMacsPadded: countAnnMacsPadded(network),
    },
    number: nameNumberFormats(graph),
    alphabet: nameAlphabets(graph),
    madeForT: isMadeForOneT(snn.options) ? Number(snn.options.T) : null,
    ...(refine === undefined ? {} : { refine }),
  };
}

/** @throws RespikeError (exit 2) with every option that is out of bounds */
function resolveOptions(
  snn: Snn,
  images: number,
  data: string,
  options: EvaluationOptions,
): EvaluationSetup["options"] {
  const problems: Problem[] = [];
  const { shard, earlyExit, n = "all" } = options;
  const { T, readout, delay } = collectRunOptions(snn, options, problems);
  const at = resolveTimes(options.at, T, problems);
  checkBounds(options, images, problems);
  if (problems.length > 0) throw refuseUsage(problems);
  return {
    data,
    split: options.split ?? "test",
    n: n === "all" ? images : n,
    T,
    at,
    readout,
    delay,
    input: options.input ?? "current",
    seed: options.seed ?? 0,
    backend: options.backend ?? "wasm",
    ann: options.ann ?? true,
    hash: options.hash ?? false,
    shard: shard === undefined ? null : `${shard.index}/${shard.of}`,
    ...(earlyExit === undefined ? {} : { earlyExit }),
  };
}

function checkBounds(
  { n = "all", batch = 1, earlyExit = 0 }: EvaluationOptions,
  images: number,
  problems: Problem[],
): void {
  if (n !== "all" && !(Number.isInteger(n) && n >= 1 && n <= images))
    problems.push(wrongOption("--n", `1…${images} images, or all`, String(n), "choose another number"));
  if (!(Number.isInteger(batch) && batch >= 1))
    problems.push(wrongOption("--batch", "an integer, 1 or more", String(batch), "correct it"));
  if (!(earlyExit >= 0 && earlyExit <= 1))
    problems.push(wrongOption("--early-exit", "a share from 0 to 1", String(earlyExit), "give 0.01, say"));
}

/** What the simulator would refuse in every image is refused before a run folder is begun. */
function checkSimulation(
  stages: SnnPlan,
  { T, at, readout, delay, input, seed }: EvaluationSetup["options"],
): void {
  const images = new Float32Array(0);
  const poisson = input === "poisson" ? { seed, imageIndices: [] } : undefined;
  checkRequest(stages, { images, n: 0, steps: T, snapshots: at, readout, delay, poisson });
}

function wrongOption(where: string, rule: string, value: string, next: string): Problem {
  return { code: "bad-option", where, rule, value, next };
}

/** Ascending, each once, T the last. */
function resolveTimes(at: readonly number[] | undefined, T: number, problems: Problem[]): number[] {
  const wanted = at ?? defaultTimes.filter((t) => t < T);
  for (const t of wanted) {
    if (!Number.isInteger(t) || t < 1 || t > T)
      problems.push(wrongOption("--at", `times 1…${T} (T)`, String(t), "drop it or choose a larger -T"));
  }
  return [...new Set([...wanted, T])].sort((a, b) => a - b);
}

/**
 * As many images as the kernels take at once, fewer where a worker's counts (at T alone where the backend sums those before)
 * and activations would take over 32 MiB; six times as many bytes where images make room for others.
 */
function chooseBatch({ layers, options }: Pick<EvaluationSetup, "layers" | "options">): number {
  const neurons = layers.reduce((sum, layer) => sum + layer.neurons, 0);
  const counted = options.backend === "reference" ? options.at.length : 1;
  const bytes = 4 * neurons * (counted + 2);
  // tables are built once a batch: short runs share them among more images
  const usual = options.T <= 32 ? ([2 ** 26, 32] as const) : ([2 ** 25, 8] as const);
  const [room, most] = options.earlyExit === undefined ? usual : [6 * 2 ** 25, 64];
  return Math.max(1, Math.min(most, Math.floor(room / Math.max(1, bytes))));
}
