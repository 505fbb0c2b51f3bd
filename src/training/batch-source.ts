/**
 * Hands a training run its batches, in the order in which it asks.
 *
 * Knows: what a batch is, whose its buffers are. May not know: how an image is changed, the engine.
 *
 * What a batch holds is a function of the plan, the epoch and the step. So a run gets the same bits with any number
 * of workers and however far ahead they work, and a run that goes on asks for the step where it stopped.
 */
import type { TaskRunner } from "../core/task-runner.js";
import type { ImageSet } from "../datasets/dataset.js";
import { BatchesAhead } from "./batches-ahead.js";
import { checkBatchPlan } from "./check-batch-plan.js";
import {
  type Batch,
  BatchMaker,
  type BatchPlan,
  checkStep,
  countSteps,
  makeBatchArrays,
} from "./image-batches.js";

export type { Batch, BatchPlan } from "./image-batches.js";

export interface BatchSourceOptions extends BatchPlan {
  /**
   * Makes batches ahead on its workers, as many as its `threads`: threads of their own that know the jobs of
   * training-jobs.ts (library/batch-workers.ts makes such a runner). Without it each batch is made in the calling
   * thread when it is asked for. The pixels are copied into shared memory once, unless they lie there.
   */
  readonly runner?: TaskRunner | undefined;
  /** Batches made ahead, at least 1; 4 by default. Each takes 4·N·(C·H·W + classes) bytes. */
  readonly ahead?: number | undefined;
}

export interface BatchSource {
  /** ⌊trained/N⌋: a last batch that is not full is left out of its epoch. */
  readonly stepsPerEpoch: number;
  /**
   * The batch of a step. Each epoch goes through `trained` in an order drawn from (seed, epoch); an image's change is
   * drawn from (seed, epoch, its index). Steps asked for one after the other, across epochs too, are found ready where
   * there are workers; any other step may be asked for at any time and makes the workers begin there.
   *
   * The batch's arrays belong to the source and are the same ones at every call: they are the caller's to read until
   * it calls `take` or `release` again. They lie in memory of the calling thread, for the engine takes no other.
   *
   * @param epoch from 0
   * @param step from 0 to stepsPerEpoch − 1
   * @throws RangeError for a step that there is not, or after `release`; what a worker threw or died of
   */
  take(epoch: number, step: number): Promise<Batch>;
  /** Ends the workers' work; must be called. */
  release(): Promise<void>;
}

/**
 * @param images read only while the source is open
 * @throws RespikeError (exit 2) where the plan cannot be followed: no full batch, indices or labels that are not there,
 *   a share or an augmentation out of range, nothing ahead
 * @example
 * ```ts
 * const source = await openBatchSource(dataset.splits.train, { ...plan, runner });
 * try {
 *   for (let step = 0; step < source.stepsPerEpoch; step++) {
 *     const { pixels, targets } = await source.take(epoch, step);
 *     // one step of training with them
 *   }
 * } finally {
 *   await source.release();
 * }
 * ```
 */
export async function openBatchSource(images: ImageSet, options: BatchSourceOptions): Promise<BatchSource> {
  const { runner, ahead = 4 } = options;
  checkBatchPlan(images, options, ahead);
  const plan = takePlan(options);
  return runner === undefined
    ? new InlineBatches(images, plan)
    : new BatchesAhead(images, plan, runner, ahead);
}

/** The plan alone: what else a caller's options hold might not go to a worker. */
function takePlan(options: BatchPlan): BatchPlan {
  const { trained, batch, seed, augmentation, preprocessing, smoothing, classes } = options;
  return { trained, batch, seed, augmentation, preprocessing, smoothing, classes };
}

/** Makes each batch when it is asked for. */
class InlineBatches implements BatchSource {
  readonly stepsPerEpoch: number;
  readonly #maker: BatchMaker;
  #arrays: Batch | undefined;

  constructor(images: ImageSet, plan: BatchPlan) {
    this.stepsPerEpoch = countSteps(plan);
    this.#maker = new BatchMaker(images, plan);
    this.#arrays = makeBatchArrays(images, plan);
  }

  async take(epoch: number, step: number): Promise<Batch> {
    checkStep(epoch, step, this.stepsPerEpoch);
    if (this.#arrays === undefined) throw new RangeError("a batch was asked for after release");
    this.#maker.write(epoch, step, this.#arrays);
    return this.#arrays;
  }

  async release(): Promise<void> {
    this.#arrays = undefined;
  }
}
