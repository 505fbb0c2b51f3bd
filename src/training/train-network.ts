/**
 * Trains a network on images: epochs of steps, each epoch judged on images kept apart.
 *
 * Knows: the order of images, the schedule, the best state so far.
 * May not know: files, gradients, the engine's graph.
 *
 * Everything random is a function of (seed, epoch, image), so a run that goes on from a
 * checkpoint does what the uninterrupted one does, to the bit with one thread.
 */
import type { LongCallOptions } from "../core/progress.js";
import { exitCodes, RespikeError } from "../core/respike-error.js";
import type { TaskRunner } from "../core/task-runner.js";
import type { ImageSet } from "../datasets/dataset.js";
import type { Graph } from "../graph/graph.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import { type ActivationPlan, addCeilings, chooseActivationRules, plainActivation } from "./activations.js";
import type { Augmentation } from "./augment-images.js";
import { type BatchSource, openBatchSource } from "./batch-source.js";
import type { Checkpoint, EpochRecord } from "./checkpoint.js";
import { chooseLowering, type LoweringChoice } from "./choose-lowering.js";
import { EvaluationSession, TrainingSession } from "./engine-session.js";
import { countCorrect, takeImages } from "./image-batches.js";
import { type Engine, loadEngine } from "./load-engine.js";
import { lowerToEvaluationGraph, lowerToTrainingGraph } from "./lower-to-training-graph.js";
import { listState, type NetworkState, readState } from "./network-state.js";
import { countEpochs, type Schedule, scheduleRate } from "./schedules.js";

export interface TrainingOptions extends LongCallOptions {
  readonly schedule: Schedule;
  readonly batch: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Of the activations' ceilings; `weightDecay` by default. */
  readonly ceilingDecay?: number | undefined;
  /** ReLUs as they are by default; else the network of `addCeilings` is trained. */
  readonly activation?: ActivationPlan | undefined;
  /** Makes batches ahead, as openBatchSource has it; by default this thread makes them. */
  readonly runner?: TaskRunner | undefined;
  /** How the step is computed (choose-lowering.ts); `auto` by default. */
  readonly lowering?: LoweringChoice | undefined;
  /** Share of the target that is spread over all classes. */
  readonly smoothing: number;
  readonly augmentation: Augmentation;
  readonly preprocessing: Preprocessing;
  readonly seed: number;
  readonly threads: number;
  /** Images that are trained on; a last batch that is not full is left out of its epoch. */
  readonly trained: Uint32Array;
  /** Images that choose the best epoch; never those of the test. */
  readonly judged: Uint32Array;
  /** Goes on from here. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Called after each epoch. */
  readonly onEpoch?: ((checkpoint: Checkpoint) => void | Promise<void>) | undefined;
}

/**
 * @returns the last checkpoint; `best` in it is the state to use
 * @throws RespikeError exit 3 where the network cannot be trained, 4 where the loss is no longer
 *   a number, 5 without the engine; the signal's reason where it is aborted
 */
export async function trainNetwork(
  network: Graph,
  images: ImageSet,
  options: TrainingOptions,
): Promise<Checkpoint> {
  const engine = await loadEngine();
  const { batch, threads, schedule, activation = plainActivation } = options;
  const graph = addCeilings(network, activation);
  const lowering = await chooseLowering(engine, graph, batch, options.lowering ?? "auto");
  const rules = chooseActivationRules(lowering.rules, activation);
  const compiled = lowerToTrainingGraph(graph, options, rules);
  let checkpoint = options.checkpoint ?? startCheckpoint(graph);
  const session = await TrainingSession.open(engine, compiled, checkpoint.state, threads);
  const judge = await EvaluationSession.open(engine, lowerToEvaluationGraph(graph, batch, rules), threads);
  const source = await openBatchSource(images, { ...options, classes: compiled.classes });
  try {
    while (checkpoint.history.length < countEpochs(schedule)) {
      const record = await trainEpoch(engine, session, images, source, checkpoint.history.length, options);
      const state = session.readState();
      const correct = await countCorrectImages(engine, judge, images, state, options);
      checkpoint = advance(checkpoint, state, {
        ...record,
        judgedAccuracy: correct / options.judged.length,
      });
      await options.onEpoch?.(checkpoint);
    }
  } finally {
    await source.release();
    await session.release();
    await judge.release();
  }
  return checkpoint;
}

/**
 * Accuracy of a network's state on some images, with running statistics, and activations rounded as they were trained.
 *
 * @throws RespikeError exit 5 without the engine
 */
export async function measureAccuracy(
  network: Graph,
  images: ImageSet,
  state: NetworkState,
  options: Pick<
    TrainingOptions,
    "activation" | "batch" | "lowering" | "preprocessing" | "threads" | "judged" | "signal"
  >,
): Promise<number> {
  const engine = await loadEngine();
  const { activation = plainActivation } = options;
  const graph = addCeilings(network, activation);
  const lowering = await chooseLowering(engine, graph, options.batch, options.lowering ?? "auto");
  const rules = chooseActivationRules(lowering.rules, activation);
  const compiled = lowerToEvaluationGraph(graph, options.batch, rules);
  const session = await EvaluationSession.open(engine, compiled, options.threads);
  try {
    return (await countCorrectImages(engine, session, images, state, options)) / options.judged.length;
  } finally {
    await session.release();
  }
}

function startCheckpoint(graph: Graph): Checkpoint {
  return { state: readState(graph), best: readState(graph), bestEpoch: 0, history: [] };
}

/** The best state is that of the latest epoch with the highest accuracy on the judged images. */
function advance(before: Checkpoint, state: Map<string, Float32Array>, record: EpochRecord): Checkpoint {
  const history = [...before.history, record];
  const bestSoFar = before.history[before.bestEpoch - 1]?.judgedAccuracy ?? -1;
  if (record.judgedAccuracy < bestSoFar) return { ...before, state, history };
  const best = new Map([...state].filter(([name]) => before.best.has(name)));
  return { state, best, bestEpoch: history.length, history };
}

async function trainEpoch(
  engine: Engine,
  session: TrainingSession,
  images: ImageSet,
  source: BatchSource,
  epoch: number,
  options: TrainingOptions,
): Promise<Omit<EpochRecord, "judgedAccuracy">> {
  const { batch, schedule } = options;
  const { classes } = session.compiled;
  const steps = source.stepsPerEpoch;
  const epochs = countEpochs(schedule);
  let loss = 0;
  let correct = 0;
  for (let step = 0; step < steps; step++) {
    options.signal?.throwIfAborted();
    const { pixels, targets, indices } = await source.take(epoch, step);
    const result = await session.step(
      new engine.Tensor("float32", pixels, [batch, ...images.shape]),
      new engine.Tensor("float32", targets, [batch, classes]),
      scheduleRate(schedule, epoch + step / steps),
    );
    if (!Number.isFinite(result.loss)) throw reportDivergence(result.loss, epoch, step);
    loss += result.loss;
    correct += countCorrect(result.logits, images.labels, indices, classes);
    options.onProgress?.({
      phase: `training, loss ${(loss / (step + 1)).toFixed(4)}`,
      done: (epoch * steps + step + 1) * batch,
      total: epochs * steps * batch,
      unit: "images",
    });
  }
  const rate = scheduleRate(schedule, epoch);
  return { epoch: epoch + 1, rate, loss: loss / steps, trainedAccuracy: correct / (steps * batch) };
}

function reportDivergence(loss: number, epoch: number, step: number): RespikeError {
  return new RespikeError(exitCodes.checkFailed, {
    code: "training-diverged",
    where: `epoch ${epoch + 1}, step ${step + 1}`,
    rule: "the loss is a finite number",
    value: String(loss),
    next: "lower the learning rate or warm it up for longer",
  });
}

async function countCorrectImages(
  engine: Engine,
  session: EvaluationSession,
  images: ImageSet,
  state: NetworkState,
  options: Pick<TrainingOptions, "preprocessing" | "judged" | "signal">,
): Promise<number> {
  const { batch, classes } = session.compiled;
  let correct = 0;
  for (let start = 0; start < options.judged.length; start += batch) {
    options.signal?.throwIfAborted();
    const indices = options.judged.subarray(start, start + batch);
    const pixels = takeImages(images, indices, batch, options.preprocessing);
    const logits = await session.run(new engine.Tensor("float32", pixels, [batch, ...images.shape]), state);
    correct += countCorrect(logits, images.labels, indices, classes);
  }
  return correct;
}

/** Number of trained values, for people. */
export function countTrainedValues(graph: Graph): number {
  return listState(graph)
    .filter(({ kind }) => kind === "trained")
    .reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}
