/**
 * Worker threads that make batches of training images ahead.
 *
 * Knows: their code. May not know: what batches are.
 */
import type { TaskRunner } from "../core/task-runner.js";
import { makeWorkerRunner } from "../node/worker-runner.js";

const entry = new URL("./batch-worker-entry.js", import.meta.url);

/**
 * The `runner` of openBatchSource.
 *
 * @throws RespikeError (exit 2) where the number is no integer from 1 to 1024
 */
export function makeBatchRunner(workers: number): TaskRunner {
  return makeWorkerRunner(workers, { entry });
}
