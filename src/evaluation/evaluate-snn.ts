/**
 * Evaluates a spiking network beside the network it came from.
 *
 * Knows: the phases. May not know: threads (the runner has them), files (the store has them), plots.
 */
import { describeImages } from "../core/describe-images.js";
import type { LongCallOptions } from "../core/progress.js";
import { exitCodes, RespikeError, type Warning } from "../core/respike-error.js";
import type { TaskRunner } from "../core/task-runner.js";
import { gatherImages } from "../datasets/dataset.js";
import { accumulate, type Evaluation } from "./accumulate.js";
import { refuseForeignRecords } from "./check-records.js";
import type { ChunkRecord } from "./chunk-record.js";
import { type ChunkStore, memoryStore } from "./chunk-store.js";
import { type EvaluationPart, isRunToEnd, listParts } from "./early-exit/evaluation-parts.js";
import { refuseUnfitted } from "./early-exit/fit-early-exit.js";
import type { ChunkResult, ChunkShared, ChunkTask } from "./evaluate-chunk.js";
import type { EvaluationPlan } from "./evaluation-plan.js";
import type { EvaluationResult } from "./evaluation-result.js";
import { makeMacTables } from "./mac-tables.js";
import { makeOperationTables } from "./operation-tables.js";
import { packSnn } from "./portable-snn.js";
import { SpikeHash } from "./spike-hash.js";

export interface EvaluateOptions extends LongCallOptions {
  /** Where finished chunks are kept; in memory by default. */
  readonly store?: ChunkStore | undefined;
}

/**
 * 1. take over what the store has finished; 2. evaluate the rest, chunk by chunk; 3. hash in the order of images;
 * 4. sum up. Everything but `run` is the same for any threads, batch and store.
 *
 * @throws RespikeError of the simulator or network; the signal's reason when it is aborted
 * @example
 * ```ts
 * const plan = planEvaluation(snn, dataset.splits.test, "mnist", { n: 100, T: 64 });
 * const { result } = await evaluateSnn(plan, makeWorkerRunner(2));
 * ```
 */
export async function evaluateSnn(
  plan: EvaluationPlan,
  runner: TaskRunner,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { setup } = plan;
  if (setup.options.earlyExit !== undefined && setup.earlyExit === undefined) throw refuseUnfitted();
  const store = options.store ?? memoryStore();
  const known = setup.options.hash ? (store.spikeHash ?? null) : null;
  const hash = setup.options.hash && known === null ? new SpikeHash(store, plan.start) : null;
  const records: ChunkRecord[] = [...store.finished];
  const parts = listParts(plan);
  refuseForeignRecords(records, parts);
  const isMain = ({ start }: ChunkRecord) => !isRunToEnd(start, setup);
  const finished = records.filter(isMain);
  for (const { start, indices } of finished) await hash?.add(start, indices.length);
  const seconds = await evaluateRest({ plan, parts, records, store, hash, isMain }, runner, options);
  const done = countImages(records.filter(isMain)) - countImages(finished);
  const run = { threads: runner.threads, imagesPerSecond: seconds > 0 ? done / seconds : null };
  return accumulate(setup, records, run, hash?.finish(plan.start + plan.indices.length) ?? known);
}

interface OpenEvaluation {
  readonly plan: EvaluationPlan;
  readonly parts: readonly EvaluationPart[];
  /** What is finished; grows. */
  readonly records: ChunkRecord[];
  readonly store: ChunkStore;
  readonly hash: SpikeHash | null;
  /** Whether a record is not of images that are run to T beside early exit. */
  readonly isMain: (record: ChunkRecord) => boolean;
}

/** Evaluates what no record has yet; seconds until the last result that is not of a second pass. */
async function evaluateRest(
  { plan, parts, records, store, hash, isMain }: OpenEvaluation,
  runner: TaskRunner,
  { signal, onProgress }: EvaluateOptions,
): Promise<number> {
  const total = countImages(parts);
  let done = countImages(records);
  const report = () => onProgress?.({ phase: "evaluation", done, total, unit: "images" });
  report();
  if (done >= total) return 0;
  const began = performance.now();
  let seconds = 0;
  await runner.run<ChunkShared, ChunkTask, ChunkResult>({
    kind: "evaluate-chunk",
    shared: makeShared(plan),
    tasks: makeTasks(plan, parts, [...records]),
    describe: ({ indices }) => describeImages(indices),
    transfer: ({ pixels }) => [pixels.buffer as ArrayBuffer],
    signal,
    async onResult({ record, counts }) {
      if (counts !== null) await store.putCounts(record.start, counts);
      await store.append(record);
      records.push(record);
      if (isMain(record)) {
        await hash?.add(record.start, record.indices.length);
        seconds = (performance.now() - began) / 1000;
      }
      done += record.indices.length;
      report();
    },
  });
  return seconds;
}

const countImages = (all: readonly { readonly indices: { readonly length: number } }[]) =>
  all.reduce((sum, { indices }) => sum + indices.length, 0);

function makeShared({ snn, stages, setup, wasmUrl }: EvaluationPlan): ChunkShared {
  const { options, earlyExit } = setup;
  return {
    snn: packSnn(snn),
    stages,
    tables: makeOperationTables(snn),
    macs: options.ann ? makeMacTables(snn.network) : new Map(),
    backend: options.backend,
    steps: options.T,
    at: options.at,
    readout: options.readout,
    delay: options.delay,
    poissonSeed: options.input === "poisson" ? options.seed : null,
    ann: options.ann,
    hash: options.hash,
    exit: earlyExit === undefined ? null : { times: earlyExit.times, thresholds: earlyExit.thresholds },
    wasmUrl: wasmUrl?.href,
  };
}

/** Chunks of the images that no record has yet, made one at a time. */
function* makeTasks(
  plan: EvaluationPlan,
  parts: readonly EvaluationPart[],
  finished: readonly ChunkRecord[],
): Generator<ChunkTask> {
  for (const part of parts) {
    const isDone = new Uint8Array(part.indices.length);
    for (const { start, indices } of finished) {
      const from = start - part.start;
      if (from >= 0 && from < isDone.length) isDone.fill(1, from, from + indices.length);
    }
    for (let from = 0; from < isDone.length; ) {
      if (isDone[from] === 1) {
        from++;
        continue;
      }
      let to = from + 1;
      while (to < isDone.length && isDone[to] === 0 && to - from < plan.batch) to++;
      const indices = [...part.indices.subarray(from, to)];
      yield {
        start: part.start + from,
        indices,
        labels: indices.map((index) => plan.images.labels[index] as number),
        pixels: gatherImages(plan.images, indices),
        toEnd: part.toEnd,
      };
      from = to;
    }
  }
}

/**
 * The error of `--max-loss`, or null where the loss at T is not larger.
 *
 * @param maxLoss points
 * @param warnings what was said of the evaluation; the error carries it
 * @param report path of the report, where there is one
 */
export function checkMaxLoss(
  result: EvaluationResult,
  maxLoss: number,
  warnings: readonly Warning[] = [],
  report?: string,
): RespikeError | null {
  const last = result.snn.at[result.snn.at.length - 1];
  if (last !== undefined && last.loss !== null && last.loss <= maxLoss) return null;
  const problem = {
    code: "max-loss",
    where: `loss at T = ${result.snn.T}`,
    rule: `at most ${maxLoss} points`,
    value: last?.loss == null ? "unknown: the network was not run" : describeLoss(last, result.data.n),
    next:
      last?.loss == null
        ? "drop --no-ann"
        : `${report === undefined ? "" : `see ${report}; `}${adviseOnLoss(result, maxLoss)}`,
  };
  return new RespikeError(exitCodes.checkFailed, problem, { warnings });
}

function describeLoss({ loss, lossCi95 }: EvaluationResult["snn"]["at"][number], n: number): string {
  const interval = lossCi95 === null ? "" : ` [${lossCi95.map((points) => points.toFixed(2)).join(", ")}]`;
  return `${loss} points${interval} on ${n} images`;
}

/** An SNN that was made for one T is converted again for another. */
function adviseOnLoss({ snn: { madeForT = null } }: EvaluationResult, maxLoss: number): string {
  if (madeForT === null)
    return "give more steps (-T), convert with another --lambda or --compensate, or ask respike diagnose which layer loses it";
  return `convert for more steps (respike convert -T), by another --preset or by --preset auto${maxLoss > 0 ? ` --max-loss ${maxLoss}` : ""}, or ask respike diagnose which layer loses it`;
}
