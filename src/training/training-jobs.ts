/**
 * The jobs of training that workers know.
 *
 * Knows: the list. May not know: what jobs do.
 */
import type { TaskHandlerFactory } from "../core/task-runner.js";
import { makeBatchesKind, startMakeBatches } from "./make-batches.js";

export const trainingJobs: Readonly<Record<string, TaskHandlerFactory>> = {
  [makeBatchesKind]: startMakeBatches,
};
