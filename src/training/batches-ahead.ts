/**
 * Takes batches that workers make ahead.
 *
 * Knows: the ring that it shares with them (make-batches.ts), the runner. May not know: kinds of workers, how a batch
 * is made.
 */
import { shareMemory } from "../core/share-memory.js";
import type { TaskRunner } from "../core/task-runner.js";
import type { ImageSet } from "../datasets/dataset.js";
import { type Batch, type BatchPlan, checkStep, countSteps, makeBatchArrays } from "./image-batches.js";
import { type BatchRing, makeBatchesKind, makeRing, turn } from "./make-batches.js";

/** How long the calling thread sleeps before it looks for news of its workers. */
const sliceMilliseconds = 5;

/** A BatchSource. */
export class BatchesAhead {
  readonly stepsPerEpoch: number;
  readonly #images: ImageSet;
  readonly #arrays: Batch;
  #work: Work | undefined;
  #isReleased = false;

  constructor(
    images: ImageSet,
    readonly plan: BatchPlan,
    readonly runner: TaskRunner,
    readonly ahead: number,
  ) {
    this.stepsPerEpoch = countSteps(plan);
    this.#images = shareMemory(images);
    this.#arrays = makeBatchArrays(images, plan);
  }

  async take(epoch: number, step: number): Promise<Batch> {
    checkStep(epoch, step, this.stepsPerEpoch);
    if (this.#isReleased) throw new RangeError("a batch was asked for after release");
    const number = epoch * this.stepsPerEpoch + step;
    if (this.#work?.next !== number) {
      await this.#work?.stop();
      this.#work = new Work(this.#images, this.plan, this.runner, this.ahead, number);
    }
    await this.#work.take(this.#arrays);
    return this.#arrays;
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    await this.#work?.stop();
    this.#work = undefined;
  }
}

/** Batches one after the other from a first one on. */
class Work {
  readonly #ring: BatchRing;
  readonly #done: Promise<void>;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    images: ImageSet,
    plan: BatchPlan,
    runner: TaskRunner,
    places: number,
    public next: number,
  ) {
    this.#ring = makeRing(images, plan, places, next);
    const job = {
      kind: makeBatchesKind,
      shared: { images, plan, ring: this.#ring },
      tasks: Array.from({ length: runner.threads }, (_, worker) => worker),
      describe: () => "batches of training images",
      onResult: () => {},
    };
    this.#done = runner.run(job).catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  /** Copies the next batch. */
  async take(into: Batch): Promise<void> {
    const { places } = this.#ring;
    const number = this.next++;
    const place = number % places.length;
    await this.#wait(place, number + 1);
    const { pixels, targets, indices } = places[place] as Batch;
    into.pixels.set(pixels);
    into.targets.set(targets);
    into.indices.set(indices);
    this.#limit(number + 1 + places.length);
  }

  /** Ends when no worker writes any more. */
  async stop(): Promise<void> {
    this.#limit(-1);
    await this.#done;
  }

  #limit(value: number): void {
    Atomics.store(this.#ring.turns, turn.limit, value);
    Atomics.notify(this.#ring.turns, turn.limit);
  }

  async #wait(place: number, value: number): Promise<void> {
    const { ready } = this.#ring;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const present = Atomics.load(ready, place);
      if (present === value) return;
      Atomics.wait(ready, place, present, sliceMilliseconds);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
