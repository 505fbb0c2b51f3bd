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
import { checkBatchPlan } from "./check-batch-plan.js";
import { BatchMaker, type BatchPlace, type BatchPlan } from "./image-batches.js";

export type { BatchPlan } from "./image-batches.js";

export interface BatchSourceOptions extends BatchPlan {
  /**
   * Makes batches ahead on its workers, as many as its `threads`; it needs the job `make-batches` in its workers'
   * table. Without it each batch is made in the calling thread when it is asked for.
   */
  readonly runner?: TaskRunner | undefined;
  /** Batches made ahead of the one in use; 4 by default. Each takes 4·N·(C·H·W + classes) bytes. */
  readonly ahead?: number | undefined;
}

/**
 * One batch. Its arrays belong to the source: they are the caller's to read until it calls `take` or `release` again,
 * and are then written anew.
 */
export interface Batch {
  /** [N,C,H,W] row-major: augmented, then preprocessed. */
  readonly pixels: Float32Array;
  /** [N,classes], each row summing to 1: 1 − s at the label and s spread evenly over all classes. */
  readonly targets: Float32Array;
  /** [N]: the images' indices in the data set, all from `trained`. */
  readonly indices: Uint32Array;
}

export interface BatchSource {
  /** ⌊trained/N⌋: a last batch that is not full is left out of its epoch. */
  readonly stepsPerEpoch: number;
  /**
   * The batch of a step. Each epoch goes through `trained` in an order drawn from (seed, epoch); an image's change is
   * drawn from (seed, epoch, its index). Steps asked for one after the other, across epochs too, are found ready where
   * there are workers; any other step may be asked for at any time and makes the workers begin there.
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
 *   a share or an augmentation out of range
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
  checkBatchPlan(images, options);
  return new InlineBatches(images, options);
}

/** A step's place in the plan. @throws RangeError */
export function checkStep(epoch: number, step: number, stepsPerEpoch: number): void {
  const isThere = Number.isInteger(epoch) && epoch >= 0 && Number.isInteger(step) && step >= 0;
  if (!isThere || step >= stepsPerEpoch) {
    throw new RangeError(`epoch ${epoch}, step ${step}: an epoch has steps 0 to ${stepsPerEpoch - 1}`);
  }
}

/** Space for one batch. */
export function makeBatchPlace(images: ImageSet, { batch, classes }: BatchPlan): BatchPlace {
  const [channels, height, width] = images.shape;
  return {
    pixels: new Float32Array(batch * channels * height * width),
    targets: new Float32Array(batch * classes),
    indices: new Uint32Array(batch),
  };
}

class InlineBatches implements BatchSource {
  readonly stepsPerEpoch: number;
  readonly #maker: BatchMaker;
  #place: BatchPlace | undefined;

  constructor(images: ImageSet, plan: BatchPlan) {
    this.stepsPerEpoch = Math.floor(plan.trained.length / plan.batch);
    this.#maker = new BatchMaker(images, plan);
    this.#place = makeBatchPlace(images, plan);
  }

  async take(epoch: number, step: number): Promise<Batch> {
    checkStep(epoch, step, this.stepsPerEpoch);
    if (this.#place === undefined) throw new RangeError("a batch was asked for after release");
    this.#maker.write(epoch, step, this.#place);
    return this.#place;
  }

  async release(): Promise<void> {
    this.#place = undefined;
  }
}
