/** A worker that dies is an error that names its images, never a wrong count. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, test } from "node:test";
import type { Worker } from "node:worker_threads";
import type { ExitCode, RespikeError } from "#src/core/respike-error.js";
import type { TaskRunner } from "#src/core/task-runner.js";
import type { Evaluation } from "#src/evaluation/accumulate.js";
import type { ChunkRecord } from "#src/evaluation/chunk-record.js";
import { memoryStore } from "#src/evaluation/chunk-store.js";
import { evaluateSnn } from "#src/evaluation/evaluate-snn.js";
import { planEvaluation } from "#src/evaluation/evaluation-plan.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";
import { buildSmallSnn, smallImages } from "./residual-networks.js";

const entry = new URL("./dying-worker.js", import.meta.url);
const plan = planEvaluation(buildSmallSnn(), smallImages(31), "small", { hash: true, batch: 3, at: [4, 8] });

/** Keeps what is finished, as a run folder does. */
class Run {
  readonly records: ChunkRecord[] = [];
  readonly #counts = new Map<number, Uint8Array>();

  evaluate(runner: TaskRunner): Promise<Evaluation> {
    const store = {
      ...memoryStore(),
      finished: [...this.records],
      append: async (record: ChunkRecord) => void this.records.push(record),
      putCounts: async (start: number, counts: Uint8Array) => void this.#counts.set(start, counts),
      getCounts: async (start: number) => this.#counts.get(start) as Uint8Array,
      dropCounts: async () => {},
    };
    return evaluateSnn(plan, runner, { store });
  }
}

afterEach(() => {
  delete process.env.RESPIKE_TEST_DEATH;
});

const withoutRun = ({ result: { run: _, ...rest }, predictions }: Evaluation) => ({ rest, predictions });
const undisturbed = withoutRun(await evaluateSnn(plan, makeWorkerRunner(1)));

/** Exit code of the command line for an error, as src/cli/run-command.ts decides it. */
const exitCodeOf = (error: Error): ExitCode => (error as Partial<RespikeError>).exitCode ?? 1;

for (const [how, exitCode, said] of [
  ["exit", 5, /code 7/],
  ["throw", 1, /broken kernel/],
  ["uncaught", 1, /nobody caught this/],
  ["trap", 1, /unreachable/],
  ["heap", 5, /memory/],
  ["buffer", 5, /allocation failed/],
] as const) {
  for (const threads of [1, 2]) {
    test(`${how}, ${threads} threads: exit ${exitCode} and the images' names; the rest stays right`, async () => {
      process.env.RESPIKE_TEST_DEATH = `${how}:13`;
      const run = new Run();
      const resourceLimits = how === "heap" ? { maxOldGenerationSizeMb: 32 } : {};
      const runner = makeWorkerRunner(threads, { entry, resourceLimits });
      await assert.rejects(run.evaluate(runner), (error: Error) => {
        assert.match(error.message, /images 12…14/);
        assert.match(error.message, said);
        assert.equal(exitCodeOf(error), exitCode, error.message);
        return true;
      });
      assert.equal(run.records.length, new Set(run.records.map(({ start }) => start)).size);
      assert.ok(run.records.every(({ start }) => start !== 12));
      delete process.env.RESPIKE_TEST_DEATH;
      assert.deepEqual(withoutRun(await run.evaluate(makeWorkerRunner(threads))), undisturbed);
    });
  }
}

test("the package's own workers, terminated from outside in the middle: exit 5, images named", async () => {
  const run = new Run();
  const started = once(process, "worker").then(([worker]) => worker as Worker);
  const evaluation = run.evaluate({
    ...makeWorkerRunner(2),
    run: (job) =>
      makeWorkerRunner(2).run({
        ...job,
        async onResult(result: never, number) {
          await job.onResult(result, number);
          if (number === 2) await (await started).terminate();
        },
      }),
  });
  await assert.rejects(evaluation, (error: RespikeError) => {
    assert.deepEqual([error.exitCode, error.code], [5, "worker-died"]);
    assert.match(error.where, /(task \d+ of )?job 'evaluate-chunk' \(images \d+…\d+\)/);
    return true;
  });
  assert.deepEqual(withoutRun(await run.evaluate(makeWorkerRunner(2))), undisturbed);
});
