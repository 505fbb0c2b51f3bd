/**
 * From the records of all chunks to the result.
 *
 * Knows: the contract's formulas; sums are exact, in the order of images. May not know: threads, files, the networks.
 */
import type { Warning } from "../core/respike-error.js";
import { hashIndices } from "../datasets/decoded-split.js";
import { countOfLambda } from "../graph/refinement.js";
import type { ChunkRecord } from "./chunk-record.js";
import { isRunToEnd } from "./early-exit/evaluation-parts.js";
import { meanSteps, summarizeExit } from "./early-exit/summarize-exit.js";
import { energyConventions, estimateEnergy } from "./energy-conventions.js";
import type { EvaluationSetup } from "./evaluation-plan.js";
import type { EvaluatedLayer, EvaluatedStep, EvaluationCost, EvaluationResult } from "./evaluation-result.js";
import { correlate, meanError } from "./exact-sums.js";
import { pairedInterval } from "./paired-interval.js";

/** A line of predictions.csv. */
export interface PredictionRow {
  readonly index: number;
  readonly label: number;
  /** The network's class; null with --no-ann. */
  readonly ann: number | null;
  /** The spiking network's class at each observed time. */
  readonly at: readonly number[];
  /** With early exit, the last step. */
  readonly exit?: number;
}

export interface Evaluation {
  readonly result: EvaluationResult;
  readonly predictions: readonly PredictionRow[];
  readonly warnings: readonly Warning[];
}

export type RunFacts = Pick<EvaluationResult["run"], "threads" | "imagesPerSecond">;

/**
 * @param records of all images, none twice; any chunks, any order; with early exit also of those run to T
 * @param spikeHash with --hash
 */
export function accumulate(
  setup: EvaluationSetup,
  records: readonly ChunkRecord[],
  run: RunFacts,
  spikeHash: string | null,
): Evaluation {
  const inOrder = [...records].sort((a, b) => a.start - b.start);
  const sorted = inOrder.filter(({ start }) => !isRunToEnd(start, setup));
  const full = inOrder.filter(({ start }) => isRunToEnd(start, setup));
  const indices = sorted.flatMap((record) => record.indices);
  const n = indices.length;
  const warnings: Warning[] = [];
  // results are equal whatever ran them; `run` says what did
  const { backend, ...options } = setup.options;
  const layers = setup.layers.map((_, layer) => summarizeLayer(setup, sorted, full, layer, warnings));
  const at = setup.options.at.map((t, index) => summarizeTime(setup, sorted, t, index, n));
  const last = at[at.length - 1] as EvaluatedStep;
  const result: EvaluationResult = {
    complete: true,
    data: { ...setup.data, n, indicesSha256: hashIndices(indices) },
    ann: summarizeNetwork(setup, sorted, n),
    snn: { T: setup.options.T, alphabet: setup.alphabet, madeForT: setup.madeForT, at },
    layers,
    cost: summarizeCost(setup, sorted, last, n),
    ...exitOf(setup, sorted, full, last),
    run: {
      backend,
      threads: run.threads,
      number: setup.number,
      kernels: sorted[0]?.kernels ?? {},
      imagesPerSecond: run.imagesPerSecond,
    },
    options,
    ...(spikeHash === null ? {} : { spikeHash }),
  };
  return { result, predictions: listPredictions(sorted), warnings };
}

function exitOf(
  setup: EvaluationSetup,
  stopped: readonly ChunkRecord[],
  full: readonly ChunkRecord[],
  last: EvaluatedStep,
): Pick<EvaluationResult, "earlyExit"> {
  const { earlyExit } = setup;
  if (earlyExit === undefined) return {};
  const n = full.reduce((sum, { indices }) => sum + indices.length, 0);
  const at = setup.options.at.length - 1;
  const lastFull = n === 0 ? null : summarizeTime(setup, full, setup.options.T, at, n);
  return { earlyExit: summarizeExit({ setup, earlyExit, stopped, full, last, lastFull }) };
}

function total(records: readonly ChunkRecord[], of: (record: ChunkRecord) => number): number {
  return Number(records.reduce((sum, record) => sum + BigInt(of(record)), 0n));
}

function countWhere(
  records: readonly ChunkRecord[],
  is: (record: ChunkRecord, image: number) => boolean,
): number {
  return total(records, (record) => record.indices.filter((_, image) => is(record, image)).length);
}

const percent = (correct: number, n: number) => (100 * correct) / n;

/** null where five classes or fewer make it meaningless. */
function topFive({ classes }: EvaluationSetup, correct: number, n: number): number | null {
  return classes > 5 ? percent(correct, n) : null;
}

function summarizeNetwork(
  setup: EvaluationSetup,
  records: readonly ChunkRecord[],
  n: number,
): EvaluationResult["ann"] {
  if (!setup.options.ann) return null;
  const correct = countWhere(records, ({ ann, labels }, i) => ann?.predictions[i] === labels[i]);
  const top5 = countWhere(records, ({ ann }, i) => ann?.top5[i] === 1);
  return { correct, n, accuracy: percent(correct, n), top5: topFive(setup, top5, n) };
}

function summarizeTime(
  setup: EvaluationSetup,
  records: readonly ChunkRecord[],
  t: number,
  at: number,
  n: number,
): EvaluatedStep {
  const isRight = ({ at: times, labels }: ChunkRecord, i: number) => times[at]?.predictions[i] === labels[i];
  const annRight = ({ ann, labels }: ChunkRecord, i: number) => ann?.predictions[i] === labels[i];
  const correct = countWhere(records, isRight);
  const sum = (name: "spikes" | "structural" | "effective" | "events" | "eventOps") =>
    setup.layers.reduce((all, _, layer) => all + total(records, (r) => r.at[at]?.[name]?.[layer] ?? 0), 0) /
    n;
  const ofPixels = (name: "structural" | "effective") =>
    total(records, (r) => r.at[at]?.pixels?.[name] ?? 0) / n;
  const annOnly = countWhere(records, (r, i) => annRight(r, i) && !isRight(r, i));
  const snnOnly = countWhere(records, (r, i) => !annRight(r, i) && isRight(r, i));
  const compared = setup.options.ann;
  return {
    t,
    correct,
    n,
    accuracy: percent(correct, n),
    top5: topFive(
      setup,
      countWhere(records, (r, i) => r.at[at]?.top5[i] === 1),
      n,
    ),
    loss: compared ? (100 * (annOnly - snnOnly)) / n : null,
    annOnly: compared ? annOnly : null,
    snnOnly: compared ? snnOnly : null,
    lossCi95: compared ? pairedInterval(annOnly, snnOnly, n) : null,
    spikes: sum("spikes"),
    sopStructural: sum("structural") + ofPixels("structural"),
    sopEffective: sum("effective") + ofPixels("effective"),
    ...countEvents(setup, (key) => sum(key)),
  };
}

/** Events and their operations, where layers refine. */
function countEvents({ refine }: EvaluationSetup, of: (key: "events" | "eventOps") => number) {
  return refine === undefined ? {} : { events: of("events"), sopEvents: of("eventOps") };
}

/** @param full with early exit, the images that are run to T: rates are theirs */
function summarizeLayer(
  setup: EvaluationSetup,
  records: readonly ChunkRecord[],
  full: readonly ChunkRecord[],
  layer: number,
  warnings: Warning[],
): EvaluatedLayer {
  const { name, neurons } = setup.layers[layer] as EvaluationSetup["layers"][number];
  const { T, at } = setup.options;
  const countImages = (all: readonly ChunkRecord[]) =>
    all.reduce((sum, { indices }) => sum + indices.length, 0);
  const n = countImages(records);
  const rated = setup.earlyExit === undefined ? records : full;
  const pairs = countImages(rated) * neurons;
  const own = rated.map((record) => record.layers[layer] as LayerRecord);
  const last = at.length - 1;
  const mean = (key: "spikes" | "structural" | "effective" | "events" | "eventOps") =>
    total(records, (record) => record.at[last]?.[key]?.[layer] ?? 0) / n;
  const ofLambda = countOfLambda(setup.refine ?? null, T);
  const counts = own.reduce((sum, each) => sum + BigInt(each.counts), 0n);
  return {
    name,
    neurons,
    spikes: mean("spikes"),
    ...countEvents(setup, mean),
    rate: Number(counts) / Math.max(1, pairs * ofLambda),
    maxRate: own.reduce((most, each) => Math.max(most, each.largest), 0) / ofLambda,
    sopStructural: mean("structural"),
    sopEffective: mean("effective"),
    ...summarizeAgreement(setup, own, pairs, name, warnings),
    saturated: own.reduce((sum, each) => sum + each.saturated, 0) / Math.max(1, pairs),
    silent: own.reduce((sum, each) => sum + each.silent, 0) / Math.max(1, pairs),
  };
}

function summarizeAgreement(
  setup: EvaluationSetup,
  layers: readonly LayerRecord[],
  pairs: number,
  name: string,
  warnings: Warning[],
): Pick<EvaluatedLayer, "correlation" | "meanAbsError"> {
  const nothing = { correlation: null, meanAbsError: null };
  if (!setup.options.ann || pairs === 0) return nothing;
  const agreements = layers.flatMap(({ agreement }) => (agreement === null ? [] : [agreement]));
  if (agreements.length < layers.length) {
    warnings.push({
      code: "not-finite",
      where: name,
      message: "the network's activations are not finite numbers here; correlation and error are null",
    });
    return nothing;
  }
  const sums = addAgreement(layers, agreements, pairs);
  const low = agreements.reduce((least, each) => Math.min(least, each.low), Number.POSITIVE_INFINITY);
  const high = agreements.reduce((most, each) => Math.max(most, each.high), Number.NEGATIVE_INFINITY);
  const constant = low === high;
  const correlation = constant ? null : correlate(sums);
  if (correlation === null) {
    warnings.push({
      code: "no-correlation",
      where: name,
      message: "spike counts or activations are constant here; the correlation is null",
    });
  }
  return { correlation, meanAbsError: meanError(sums) };
}

type LayerRecord = ChunkRecord["layers"][number];

/** Exact, in whole numbers, so that no order of the chunks matters. */
function addAgreement(
  layers: readonly LayerRecord[],
  agreements: readonly NonNullable<LayerRecord["agreement"]>[],
  pairs: number,
) {
  const add = (values: readonly string[]) => values.reduce((sum, value) => sum + BigInt(value), 0n);
  return {
    n: BigInt(pairs),
    counts: add(layers.map((each) => each.counts)),
    countSquares: add(layers.map((each) => each.countSquares)),
    rates: add(agreements.map((each) => each.rates)),
    rateSquares: add(agreements.map((each) => each.rateSquares)),
    products: add(agreements.map((each) => each.products)),
    errors: add(agreements.map((each) => each.errors)),
  };
}

function summarizeCost(
  { counts, options, earlyExit }: EvaluationSetup,
  records: readonly ChunkRecord[],
  { sopEffective }: EvaluatedStep,
  n: number,
): EvaluationCost {
  const steps = earlyExit === undefined ? options.T : meanSteps(records);
  // pixels that spike are added in each step, and counted as operations of spikes
  const firstLayerMacs = options.input === "poisson" ? 0 : counts.firstLayerMacs;
  const operations = {
    neurons: counts.neurons,
    neuronUpdates: counts.neurons * steps,
    firstLayerMacs,
    firstLayerMacsAllSteps: firstLayerMacs * steps,
    readoutOps: total(records, (record) => record.readoutOps) / n,
    annMacs: counts.annMacs,
    annMacsPadded: counts.annMacsPadded,
    annMacsEffective: options.ann ? total(records, (record) => record.ann?.macsEffective ?? 0) / n : null,
  };
  return {
    ...operations,
    energy: energyConventions.map((each) => estimateEnergy(each, { ...operations, sopEffective })),
  };
}

function listPredictions(records: readonly ChunkRecord[]): PredictionRow[] {
  return records.flatMap((record) =>
    record.indices.map((index, image) => ({
      index,
      label: record.labels[image] as number,
      ann: record.ann === null ? null : (record.ann.predictions[image] as number),
      at: record.at.map((time) => time.predictions[image] as number),
      ...(record.exitSteps === undefined ? {} : { exit: record.exitSteps[image] as number }),
    })),
  );
}
