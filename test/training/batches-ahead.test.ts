/** Batches made ahead on worker threads: the same bits, in any order asked, whatever happens to the workers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { RespikeError } from "#src/core/respike-error.js";
import type { TaskRunner } from "#src/core/task-runner.js";
import type { ImageSet } from "#src/datasets/dataset.js";
import { makeBatchRunner } from "#src/library/batch-workers.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";
import { type BatchSource, type BatchSourceOptions, openBatchSource } from "#src/training/batch-source.js";
import { trainingJobs } from "#src/training/training-jobs.js";

const images: ImageSet = {
  n: 50,
  shape: [3, 8, 6],
  pixels: Uint8Array.from({ length: 50 * 144 }, (_, at) => (at * 101) & 255),
  labels: Int32Array.from({ length: 50 }, (_, at) => at % 4),
};
const plan: BatchSourceOptions = {
  trained: Uint32Array.from({ length: 45 }, (_, at) => 44 - at),
  batch: 7,
  seed: 3,
  augmentation: { pad: 2, flip: true, rotate: 8, zoom: 0.1 },
  preprocessing: { name: "flags", range: "0..1", mean: [0.4], std: [0.2] },
  smoothing: 0.1,
  classes: 4,
};

const copy = ({ pixels, targets, indices }: Awaited<ReturnType<BatchSource["take"]>>) => ({
  pixels: pixels.slice(),
  targets: targets.slice(),
  indices: indices.slice(),
});

async function takeAll(steps: readonly (readonly [number, number])[], options: Partial<BatchSourceOptions>) {
  const source = await openBatchSource(images, { ...plan, ...options });
  try {
    const batches = [];
    for (const [epoch, step] of steps) batches.push(copy(await source.take(epoch, step)));
    return batches;
  } finally {
    await source.release();
  }
}

const threeEpochs = Array.from({ length: 18 }, (_, at) => [Math.floor(at / 6), at % 6] as const);

for (const [workers, ahead] of [
  [1, 1],
  [1, 4],
  [3, 2],
  [2, 7],
] as const) {
  test(`${workers} workers, ${ahead} ahead: the bits of the calling thread`, async () => {
    const runner = makeBatchRunner(workers);
    assert.deepEqual(await takeAll(threeEpochs, { runner, ahead }), await takeAll(threeEpochs, {}));
  });
}

test("any other step may be asked for, earlier, later or again", async () => {
  const steps = [
    [5, 3],
    [5, 4],
    [0, 0],
    [0, 0],
    [2, 5],
    [3, 0],
  ] as const;
  const runner = makeBatchRunner(2);
  assert.deepEqual(await takeAll(steps, { runner }), await takeAll(steps, {}));
});

test("a source that nothing was taken from, or that is full, is released at once", async () => {
  const unused = await openBatchSource(images, { ...plan, runner: makeBatchRunner(2) });
  await unused.release();
  await assert.rejects(unused.take(0, 0), /after release/);
  const full = await openBatchSource(images, { ...plan, runner: makeBatchRunner(2) });
  await full.take(0, 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await full.release();
});

test("workers without the job, and a runner without workers, fail the take instead of leaving it waiting", async () => {
  const runners: readonly [TaskRunner, RegExp][] = [
    [makeWorkerRunner(1), /no handler of jobs 'make-batches'/],
    [makeInlineRunner(trainingJobs), /runs on workers/],
  ];
  for (const [runner, message] of runners) {
    const source = await openBatchSource(images, { ...plan, runner });
    await assert.rejects(source.take(0, 0), message);
    await assert.rejects(source.take(0, 1), message);
    await source.release();
  }
});

test("a worker that dies fails the take with exit 5", async () => {
  const entry = new URL("data:text/javascript,process.exit(7)");
  const source = await openBatchSource(images, { ...plan, runner: makeWorkerRunner(1, { entry }) });
  await assert.rejects(source.take(0, 0), (error) => error instanceof RespikeError && error.exitCode === 5);
  await source.release();
});

test("nothing ahead is refused", async () => {
  await assert.rejects(openBatchSource(images, { ...plan, ahead: 0 }), /ahead: 0/);
});
