/**
 * A worker's side of batches made ahead, and the memory that it shares with the taker.
 *
 * Knows: the ring of batches and who may write where. May not know: how a batch is made, who takes it.
 *
 * Batches are numbered: number = epoch·stepsPerEpoch + step. Batch b lies in place b mod K. Each worker takes the next
 * number, waits until it is below `limit`, writes the batch and says so by `ready[place] = b + 1`. The taker copies
 * the batch and raises `limit`, for the engine takes no shared memory. Nothing is posted: workers go on while the taker's thread is in the engine.
 */
import type { TaskHandler } from "../core/task-runner.js";
import type { ImageSet } from "../datasets/dataset.js";
import { type Batch, BatchMaker, type BatchPlan, countSteps, makeBatchArrays } from "./image-batches.js";

/** The job's kind. */
export const makeBatchesKind = "make-batches";

/** Lies in shared memory. */
export interface BatchRing {
  /** K places. */
  readonly places: readonly Batch[];
  /** [K]: the number of the batch that is ready there, plus 1. */
  readonly ready: Int32Array;
  /** [2] */
  readonly turns: Int32Array;
}

/** What each of `turns` is. */
export const turn = {
  /** The number that the next free worker makes. */
  next: 0,
  /** Numbers below it may be written; −1 where workers shall stop. */
  limit: 1,
} as const;

/** The job's shared part; its one task a worker lasts until `limit` is −1. */
export interface MakeBatchesShared {
  readonly images: ImageSet;
  readonly plan: BatchPlan;
  readonly ring: BatchRing;
}

const madeHere = new WeakSet<BatchRing>();

/** The places and turns of K batches, the first of which has this number. */
export function makeRing(images: ImageSet, plan: BatchPlan, count: number, first: number): BatchRing {
  const ring: BatchRing = {
    places: Array.from({ length: count }, () => makeBatchArrays(images, plan, true)),
    ready: new Int32Array(new SharedArrayBuffer(4 * count)),
    turns: new Int32Array(new SharedArrayBuffer(4 * 2)),
  };
  madeHere.add(ring);
  ring.turns[turn.next] = first;
  ring.turns[turn.limit] = first + count;
  return ring;
}

/**
 * Handler of `make-batches`. It blocks its thread while it waits for the taker.
 *
 * @throws RangeError in the taker's own thread, where it would wait for ever
 */
export function startMakeBatches({ images, plan, ring }: MakeBatchesShared): TaskHandler<unknown, null> {
  if (madeHere.has(ring)) throw new RangeError("make-batches runs on workers, not in the thread that takes");
  const maker = new BatchMaker(images, plan);
  const steps = countSteps(plan);
  return {
    handle() {
      for (;;) {
        const number = Atomics.add(ring.turns, turn.next, 1);
        if (!waitForTurn(ring.turns, number)) return null;
        const place = number % ring.places.length;
        maker.write(Math.floor(number / steps), number % steps, ring.places[place] as Batch);
        Atomics.store(ring.ready, place, number + 1);
        Atomics.notify(ring.ready, place);
      }
    },
  };
}

/** Whether the number may be made; false where workers shall stop. */
function waitForTurn(turns: Int32Array, number: number): boolean {
  for (;;) {
    const limit = Atomics.load(turns, turn.limit);
    if (limit < 0) return false;
    if (number < limit) return true;
    Atomics.wait(turns, turn.limit, limit);
  }
}
