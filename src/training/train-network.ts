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
import { checkDevice } from "./check-device.js";
import { type Checkpoint, type EpochRecord, epochStart, noCost, type TrainingCost } from "./checkpoint.js";
import { chooseLowering } from "./choose-lowering.js";
import { EvaluationSession, TrainingSession } from "./engine-session.js";
import { findClosedCeiling, findDivergence, findNonFinite } from "./find-divergence.js";
import { countCorrect, takeImages } from "./image-batches.js";
import { type Engine, loadEngine } from "./load-engine.js";
import { lowerToEvaluationGraph, lowerToTrainingGraph } from "./lower-to-training-graph.js";
import type { LoweringChoice } from "./lowering-choice.js";
import { listState, type NetworkState, readState } from "./network-state.js";
import type { GradientRules } from "./rules/rule-table.js";
import { countEpochs, type Schedule, scheduleRate } from "./schedules.js";
import type { TrainingDevice } from "./training-device.js";

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
  /** Where the engine computes; the CPU by default. */
  readonly device?: TrainingDevice | undefined;
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
  /** Which state is the result: the best on the judged images (the default), or the last. */
  readonly keep?: "best" | "last" | undefined;
  /** Called after each epoch. */
  readonly onEpoch?: ((checkpoint: Checkpoint) => void | Promise<void>) | undefined;
  /**
   * Called within an epoch: every `saveEvery` seconds (30), before the call ends because of its signal, and before the
   * epoch is judged. Steps go on while it works, for 10 seconds at most; it is not called again before it has ended.
   */
  readonly onCheckpoint?: ((checkpoint: Checkpoint) => void | Promise<void>) | undefined;
  readonly saveEvery?: number | undefined;
}

/**
 * @returns the last checkpoint; `best` in it is the state to use
 * @throws RespikeError exit 3 where the network cannot be trained, 4 where the loss or a
 *   weight is no longer a number, 5 without the engine or its device; the signal's reason where it is aborted
 */
export async function trainNetwork(
  network: Graph,
  images: ImageSet,
  options: TrainingOptions,
): Promise<Checkpoint> {
  const engine = await loadEngine();
  const { batch, threads, schedule, device = "cpu", activation = plainActivation } = options;
  const graph = addCeilings(network, activation);
  await checkDevice(engine, device);
  const lowering = await chooseLowering(engine, graph, batch, options.lowering ?? "auto", device);
  const rules = chooseActivationRules(lowering.rules, activation);
  const compiled = lowerToTrainingGraph(graph, options, rules);
  const start = options.checkpoint ?? startCheckpoint(graph);
  const opened: { release(): Promise<void> }[] = [];
  const keep = <T extends { release(): Promise<void> }>(one: T): T => {
    opened.push(one);
    return one;
  };
  let checkpoint = start;
  try {
    const session = keep(await TrainingSession.open(engine, compiled, start.state, threads, device));
    const judging = lowerToEvaluationGraph(graph, batch, rules);
    const judge = keep(await EvaluationSession.open(engine, judging, threads, device));
    const source = keep(await openBatchSource(images, { ...options, classes: compiled.classes }));
    const run = keep(new TrainingRun(engine, graph, rules, images, session, source, options, start.cost));
    while (checkpoint.history.length < countEpochs(schedule)) {
      const record = await run.trainEpoch(checkpoint);
      const state = run.readState(checkpoint.history.length, source.stepsPerEpoch);
      const correct = await countCorrectImages(engine, judge, images, state, options);
      const judgedAccuracy = correct / options.judged.length;
      const before = { ...checkpoint, cost: run.cost };
      checkpoint = advance(before, state, { ...record, judgedAccuracy }, options.keep ?? "best");
      await options.onEpoch?.(checkpoint);
    }
  } finally {
    await Promise.all(opened.map((one) => one.release()));
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
    "activation" | "batch" | "device" | "lowering" | "preprocessing" | "threads" | "judged" | "signal"
  >,
): Promise<number> {
  const engine = await loadEngine();
  const { activation = plainActivation, device = "cpu" } = options;
  const graph = addCeilings(network, activation);
  const lowering = await chooseLowering(engine, graph, options.batch, options.lowering ?? "auto", device);
  const rules = chooseActivationRules(lowering.rules, activation);
  const compiled = lowerToEvaluationGraph(graph, options.batch, rules);
  const session = await EvaluationSession.open(engine, compiled, options.threads, device);
  try {
    return (await countCorrectImages(engine, session, images, state, options)) / options.judged.length;
  } finally {
    await session.release();
  }
}

function startCheckpoint(graph: Graph): Checkpoint {
  const [state, best] = [readState(graph), readState(graph)];
  return { state, best, bestEpoch: 0, history: [], position: epochStart, cost: noCost };
}

/** The best state is that of the latest epoch with the highest accuracy on the judged images. */
function advance(
  before: Checkpoint,
  state: Map<string, Float32Array>,
  record: EpochRecord,
  keep: "best" | "last",
): Checkpoint {
  const after = { ...before, state, history: [...before.history, record], position: epochStart };
  const bestSoFar = before.history[before.bestEpoch - 1]?.judgedAccuracy ?? -1;
  if (keep === "best" && record.judgedAccuracy < bestSoFar) return after;
  const best = new Map([...state].filter(([name]) => before.best.has(name)));
  return { ...after, best, bestEpoch: after.history.length };
}

/** How long a checkpoint may be written beside the steps that follow, in milliseconds. */
const longestWriting = 10_000;

/** The steps of a run: which batch, which rate, when a checkpoint is due. */
class TrainingRun {
  #saved = performance.now();
  #writing: Promise<void> = Promise.resolve();
  #reported = 0;
  #busy = 0;
  #ended = performance.now();

  constructor(
    readonly engine: Engine,
    readonly graph: Graph,
    readonly rules: GradientRules,
    readonly images: ImageSet,
    readonly session: TrainingSession,
    readonly source: BatchSource,
    readonly options: TrainingOptions,
    public cost: TrainingCost,
  ) {}

  /** Trains from the checkpoint's position to the end of its epoch. */
  async trainEpoch(checkpoint: Checkpoint): Promise<Omit<EpochRecord, "judgedAccuracy">> {
    const { batch, schedule } = this.options;
    const epoch = checkpoint.history.length;
    const steps = this.source.stepsPerEpoch;
    let { step, loss, correct } = checkpoint.position;
    this.#ended = performance.now();
    while (step < steps) {
      const result = await this.#takeStep(epoch, step, steps);
      loss += result.loss;
      correct += result.correct;
      step++;
      this.#report(epoch, step, loss / step);
      // The engine's promises never let timers and signals run.
      await new Promise((resolve) => setImmediate(resolve));
      this.#addCost();
      await this.#saveWhereDue({ ...checkpoint, position: { step, loss, correct } });
    }
    const rate = scheduleRate(schedule, epoch);
    return { epoch: epoch + 1, rate, loss: loss / steps, trainedAccuracy: correct / (steps * batch) };
  }

  /**
   * The session's state after some steps of an epoch.
   *
   * @throws RespikeError (exit 4) where it is no state to go on with or to keep: a step may end in values that are no
   *   numbers though its loss was one
   */
  readState(epoch: number, steps: number): Map<string, Float32Array> {
    const state = this.session.readState();
    const broken = findNonFinite(state);
    if (broken !== null) throw reportDivergence("weights and momenta are finite", broken, epoch, steps - 1);
    const closed = findClosedCeiling(state);
    if (closed !== null) throw reportDivergence("ceilings stay above 0", closed, epoch, steps - 1);
    return state;
  }

  async #takeStep(epoch: number, step: number, steps: number) {
    const { engine, images, session, options } = this;
    const { batch } = options;
    const { classes } = session.compiled;
    const { pixels, targets, indices } = await this.source.take(epoch, step);
    const began = performance.now();
    const { loss, logits } = await session.step(
      new engine.Tensor("float32", pixels, [batch, ...images.shape]),
      new engine.Tensor("float32", targets, [batch, classes]),
      scheduleRate(options.schedule, epoch + step / steps),
    );
    this.#busy = performance.now() - began;
    if (!Number.isFinite(loss)) {
      const { graph, rules } = this;
      const where = await findDivergence(engine, graph, rules, session.readEarlierState(), pixels, batch);
      const value = where === null ? String(loss) : `${loss}: ${where}`;
      throw reportDivergence("the loss is a finite number", value, epoch, step);
    }
    return { loss, correct: countCorrect(logits, images.labels, indices, classes) };
  }

  /** Adds a step and the time since the last one: what lies between them counts as idle. */
  #addCost(): void {
    const now = performance.now();
    const passed = now - this.#ended;
    this.#ended = now;
    const { seconds, idle, images } = this.cost;
    this.cost = {
      seconds: seconds + passed / 1000,
      idle: idle + (passed - this.#busy) / 1000,
      images: images + this.options.batch,
    };
  }

  /** Twice a second and at an epoch's end. */
  #report(epoch: number, step: number, loss: number): void {
    const now = performance.now();
    if (now - this.#reported < 500 && step < this.source.stepsPerEpoch) return;
    this.#reported = now;
    const { batch, schedule, onProgress } = this.options;
    const steps = this.source.stepsPerEpoch;
    const epochs = countEpochs(schedule);
    onProgress?.({
      phase: "training",
      note: `epoch ${epoch + 1} of ${epochs}, loss ${loss.toFixed(3)}${describeIdle(this.cost)}`,
      done: (epoch * steps + step) * batch,
      total: epochs * steps * batch,
      unit: "images",
    });
  }

  /** A checkpoint is written beside the next steps, the epoch's last one and a signal's before anything else. */
  async #saveWhereDue(checkpoint: Checkpoint): Promise<void> {
    const { signal, saveEvery = 30, onCheckpoint } = this.options;
    const passed = performance.now() - this.#saved;
    if (passed >= longestWriting) await this.#writing;
    const isLast = checkpoint.position.step === this.source.stepsPerEpoch || signal?.aborted === true;
    if (onCheckpoint !== undefined && (isLast || passed >= saveEvery * 1000)) {
      await this.#writing;
      const state = this.readState(checkpoint.history.length, checkpoint.position.step);
      this.#saved = performance.now();
      this.#writing = Promise.resolve(onCheckpoint({ ...checkpoint, state, cost: this.cost }));
      // What it rejects with is thrown where it is waited for.
      this.#writing.catch(() => {});
      if (isLast) await this.#writing;
    }
    signal?.throwIfAborted();
  }

  /** Ends when nothing is written any more. */
  async release(): Promise<void> {
    await this.#writing.catch(() => {});
  }
}

function describeIdle({ seconds, idle }: TrainingCost): string {
  return seconds > 0 ? `, engine idle ${((100 * idle) / seconds).toFixed(1)} %` : "";
}

/** @param step the last one, from 0 */
function reportDivergence(rule: string, value: string, epoch: number, step: number): RespikeError {
  return new RespikeError(exitCodes.checkFailed, {
    code: "training-diverged",
    where: `epoch ${epoch + 1}, step ${step + 1}`,
    rule,
    value,
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
