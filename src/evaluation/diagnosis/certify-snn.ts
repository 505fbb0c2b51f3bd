/**
 * Measures a certificate: the network, its limit and its spikes on images that no choice has seen.
 *
 * Knows: what belongs into a certificate. May not know: files, threads, how a conversion went.
 */
import { computeFloatValues } from "../../conversion/float-values.js";
import { readTasks } from "../../conversion/image-source.js";
import type { PassReport } from "../../conversion/pass.js";
import { predictClasses } from "../../core/predict-class.js";
import type { LongCallOptions } from "../../core/progress.js";
import type { TaskRunner } from "../../core/task-runner.js";
import { gatherImages, type ImageSet } from "../../datasets/dataset.js";
import { hashIndices } from "../../datasets/decoded-split.js";
import { refinementOfGraph } from "../../graph/check-refinement.js";
import type { Graph } from "../../graph/graph.js";
import { isMadeForOneT } from "../../graph/made-for-steps.js";
import { isOp, type Readout } from "../../graph/node-types.js";
import { preprocessPixels } from "../../graph/preprocessing.js";
import { largestCount, quantumAt } from "../../graph/refinement.js";
import type { Snn } from "../../graph/snn.js";
import type { BackendName } from "../backend-list.js";
import { pairedInterval } from "../paired-interval.js";
import { augmentPixels } from "./augment-pixels.js";
import type { Certificate, CertifiedAccuracy } from "./certificate.js";
import { isRuleChecked } from "./checked-recipes.js";
import { type Observed, observeImages } from "./observe-images.js";
import {
  estimateEpsilonError,
  measureOutputErrors,
  type OutputCode,
  type OutputError,
  plainCode,
} from "./output-error.js";
import { predictSteps, stepChoices } from "./predict-steps.js";

/** How the spiking network is run and on which images. */
export interface ObservedRun {
  readonly snn: Snn;
  /** The training images that indices count in, and their data set's name. */
  readonly train: ImageSet;
  readonly data: string;
  readonly indices: Uint32Array;
  /** T */
  readonly steps: number;
  readonly readout: Readout;
  readonly delay: number;
  /** Of the movements. */
  readonly seed: number;
  readonly backend?: BackendName | undefined;
  readonly wasmUrl?: URL | undefined;
}

/** Times that are looked at: those of `stepChoices` below T, and T. */
export function observedTimes(steps: number): readonly number[] {
  return [...stepChoices.filter((t) => t < steps), steps];
}

/** Preprocessed images, as they are or moved. */
export function readObserved({ snn, train, indices, seed }: ObservedRun, moved: boolean): Float32Array {
  const pixels = gatherImages(train, indices);
  const [channels, height, width] = train.shape;
  const shown = moved ? augmentPixels(pixels, [channels, height, width], indices, seed) : pixels;
  return preprocessPixels(shown, channels, height * width, snn.preprocessing);
}

/** What the spiking outputs stand for: the network's own, or counts of output neurons. */
export function readOutputCode({ snn }: Pick<ObservedRun, "snn">): OutputCode {
  const { output } = snn.graph;
  const before = snn.graph.node(output.inputs[0] as string);
  if (!isOp(before, "neuron")) return plainCode;
  const lambda = snn.layers.find(({ name }) => name === before.id)?.lambda[0] ?? 1;
  return { scaleOf: (t) => lambda / t, least: 0 };
}

/** Simulates the images as they are, with what `layers` and `rates` ask of it, or moved. */
export function observeRun(
  run: ObservedRun,
  runner: TaskRunner,
  options: LongCallOptions & {
    readonly phase: string;
    readonly moved?: boolean;
    readonly layers?: boolean;
    readonly rates?: readonly string[];
    readonly n?: number;
  },
): Promise<Observed> {
  const { snn, steps, readout, delay, backend, wasmUrl } = run;
  const { moved = false, layers = false, n = run.indices.length, ...rest } = options;
  const images = readObserved({ ...run, indices: run.indices.subarray(0, n) }, moved);
  const at = observedTimes(steps);
  return observeImages(snn, images, runner, { at, readout, delay, backend, wasmUrl, layers, ...rest });
}

/** Observations that a certificate is made of, the plain ones first. */
export async function certifyRun(
  run: ObservedRun,
  runner: TaskRunner,
  options: LongCallOptions & { readonly passes?: readonly PassReport[] | null | undefined },
  plain?: Observed,
): Promise<Certificate> {
  const { passes = null, ...rest } = options;
  const seen = plain ?? (await observeRun(run, runner, { ...rest, phase: "certificate" }));
  const moved = await observeRun(run, runner, { ...rest, phase: "certificate, images moved", moved: true });
  const limit = await runLimit(run, runner, options.signal);
  const at = observedTimes(run.steps);
  const [errors, movedErrors] = [seen, moved].map((each) =>
    measureOutputErrors(each, at, readOutputCode(run)),
  ) as [readonly OutputError[], readonly OutputError[]];
  const labels = Int32Array.from(run.indices, (index) => run.train.labels[index] as number);
  const { n, logits } = seen;
  const last = errors[errors.length - 1] as OutputError;
  const networkRight = findRight(logits, labels);
  const correct = countTrue(networkRight);
  const limitError = measureOutputErrors(
    { n, logits, outputs: limit },
    [1],
    readOutputCode(run),
  )[0] as OutputError;
  const final = takeTime(seen, at.length - 1, at.length);
  const { snn, steps: T, data, indices, seed } = run;
  return {
    schema: "respike.certificate/1",
    passes:
      passes?.map(({ name, preserves, maxAbsDiff, maxRelDiff, images }) => {
        return { name, preserves, maxAbsDiff, maxRelDiff, images };
      }) ?? null,
    images: { data, split: "train", n, indicesSha256: hashIndices(indices), seed },
    network: { correct, accuracy: (100 * correct) / n },
    limit: judge(limit, labels, networkRight, limitError),
    atT: {
      T,
      ...judge(final, labels, networkRight, last),
      epsilonError: estimateEpsilonError({ n, logits, outputs: final }, T, readOutputCode(run)),
      disagreementMoved: movedErrors[at.length - 1]?.disagreement ?? 0,
    },
    steps: errors.map(({ t, epsilon, disagreement }, which) => {
      return { t, epsilon, disagreement, disagreementMoved: movedErrors[which]?.disagreement ?? 0 };
    }),
    ...predict(snn, T, errors, movedErrors),
  };
}

/** What was made for one T says nothing of conversions for another. */
function predict(
  { options }: Snn,
  steps: number,
  errors: readonly OutputError[],
  moved: readonly OutputError[],
): Pick<Certificate, "prediction" | "forOneT" | "madeForT" | "unchecked"> {
  const unchecked = isRuleChecked(options) ? {} : ({ unchecked: true } as const);
  if (!isMadeForOneT(options)) return { ...unchecked, prediction: predictSteps(errors, moved) };
  const { T } = options;
  const other = typeof T === "number" && T !== steps ? { madeForT: T } : {};
  const prediction = predictSteps(errors.slice(-1), moved.slice(-1));
  return { forOneT: true, ...other, ...unchecked, prediction };
}

/** The outputs of the limit T → ∞, [n,classes]. */
async function runLimit(
  run: ObservedRun,
  runner: TaskRunner,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const { train, indices, wasmUrl } = run;
  const { preprocessing } = run.snn;
  const graph = limitGraph(run);
  const source = { read: (wanted: ArrayLike<number>) => gatherImages(train, wanted) };
  const tasks = readTasks(source, indices, 8, preprocessing);
  const shared = { graph, preprocessing, keep: [graph.output.id], wasmUrl: wasmUrl?.href };
  const values = await computeFloatValues(runner, shared, tasks, indices.length, 8, signal);
  return Float64Array.from(values.get(graph.output.id) ?? []);
}

/** The spiking graph as floats evaluate it in the limit; a layer that refines reaches what it can tell in T steps. */
function limitGraph({ snn: { graph }, steps }: ObservedRun): Graph {
  const refine = refinementOfGraph(graph);
  if (refine === null) return graph;
  const reach = (gain: number) =>
    Math.ceil((largestCount(gain, refine, steps) * quantumAt(refine, steps)) / refine.quantum);
  return graph.rewrite((node) => {
    if (!isOp(node, "neuron")) return node;
    const { refine: _, ...counting } = node.attributes;
    return { ...node, attributes: { ...counting, lo: 0, hi: reach(counting.hi) } };
  });
}

/** The outputs at one of the times, [n,classes]. */
export function takeTime({ n, logits, outputs }: Observed, which: number, times: number): Float64Array {
  const classes = logits.length / n;
  const taken = new Float64Array(n * classes);
  for (let image = 0; image < n; image++) {
    const from = (image * times + which) * classes;
    taken.set(outputs.subarray(from, from + classes), image * classes);
  }
  return taken;
}

function findRight(outputs: Float32Array | Float64Array, labels: Int32Array): readonly boolean[] {
  const said = predictClasses(outputs, labels.length);
  return Array.from(labels, (label, image) => said[image] === label);
}

const countTrue = (values: readonly boolean[]) => values.filter(Boolean).length;

function judge(
  outputs: Float64Array,
  labels: Int32Array,
  networkRight: readonly boolean[],
  { epsilon, disagreement }: OutputError,
): CertifiedAccuracy {
  const right = findRight(outputs, labels);
  const n = labels.length;
  const [annOnly, snnOnly] = [
    countTrue(right.map((is, image) => !is && networkRight[image] === true)),
    countTrue(right.map((is, image) => is && networkRight[image] !== true)),
  ];
  const correct = countTrue(right);
  return {
    correct,
    accuracy: (100 * correct) / n,
    loss: (100 * (annOnly - snnOnly)) / n,
    lossCi95: pairedInterval(annOnly, snnOnly, n),
    epsilon,
    disagreement,
  };
}
