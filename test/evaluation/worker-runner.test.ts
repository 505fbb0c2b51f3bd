/** Jobs on worker threads: order, back pressure, errors, aborts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RespikeError } from "#src/core/respike-error.js";
import { packSnn } from "#src/evaluation/portable-snn.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";
import { buildSmallSnn } from "./residual-networks.js";

const shared = {
  snn: packSnn(buildSmallSnn()),
  backend: "reference",
  steps: 10,
  readout: "mean",
  delay: 0,
} as const;
const good = () => ({ images: new Float32Array(64).fill(0.5), n: 1 });

test("tasks are made lazily: never more than two a worker with the result being handed over, none lost, each result with its number", async () => {
  let [made, finished, most] = [0, 0, 0];
  function* tasks() {
    for (let i = 0; i < 12; i++) {
      made++;
      most = Math.max(most, made - finished);
      yield good();
    }
  }
  const numbers: number[] = [];
  await makeWorkerRunner(2).run({
    kind: "simulate",
    shared,
    tasks: tasks(),
    async onResult(_, number) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      numbers.push(number);
      finished++;
    },
  });
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    Array.from({ length: 12 }, (_, i) => i),
  );
  assert.ok(most <= 4, `${most} tasks were under way`);
});

test("numbers of threads that are none are refused", () => {
  for (const threads of [0, 1.5, Number.NaN, 1e9])
    assert.throws(() => makeWorkerRunner(threads), { exitCode: 2 });
});

test("a typed error in a worker comes back typed and ends the job", async () => {
  const tasks = [good(), { images: new Float32Array(64).fill(Number.NaN), n: 1 }, good()];
  const run = makeWorkerRunner(2).run({ kind: "simulate", shared, tasks, onResult() {} });
  await assert.rejects(run, (error: RespikeError) => error.exitCode === 3 && error.code === "not-finite");
});

test("an error that is not typed names its task", async () => {
  const tasks = [good(), null];
  const run = makeWorkerRunner(1).run({ kind: "simulate", shared, tasks, onResult() {} });
  await assert.rejects(run, /task 1 of job 'simulate'/);
  await assert.rejects(makeWorkerRunner(1).run({ kind: "nothing", shared, tasks, onResult() {} }), /nothing/);
});

test("a task that cannot be sent, or a failing receiver, ends the job with its error", async () => {
  const unsendable = makeWorkerRunner(2).run({ kind: "simulate", shared, tasks: [() => 1], onResult() {} });
  await assert.rejects(unsendable);
  const failing = makeWorkerRunner(2).run({
    kind: "simulate",
    shared,
    tasks: [good(), good(), good()],
    onResult() {
      throw new Error("disk full");
    },
  });
  await assert.rejects(failing, /disk full/);
});

test("an aborted job ends with the signal's reason and closes its source", async () => {
  const controller = new AbortController();
  let closed = false;
  function* endless() {
    try {
      for (;;) yield good();
    } finally {
      closed = true;
    }
  }
  const run = makeWorkerRunner(2).run({
    kind: "simulate",
    shared,
    tasks: endless(),
    signal: controller.signal,
    onResult(_, number) {
      if (number === 3) controller.abort(new Error("stop"));
    },
  });
  await assert.rejects(run, /stop/);
  assert.ok(closed);
});

test("workers serve one job after the other, and none keeps the program alive", async () => {
  let started = 0;
  const count = () => started++;
  process.on("worker", count);
  const runner = makeWorkerRunner(2);
  for (let job = 0; job < 3; job++) {
    let results = 0;
    const tasks = [good(), good(), good(), good()];
    await runner.run({ kind: "simulate", shared, tasks, onResult: () => void results++ });
    assert.equal(results, 4);
  }
  process.off("worker", count);
  assert.equal(started, 2);
  // The test's process ends though the workers are still there: the test runner would report it otherwise.
});
