/**
 * Runs jobs on Node's worker threads.
 *
 * Knows: node:worker_threads, how its workers die. May not know: pools, what jobs do.
 */
import { availableParallelism } from "node:os";
import { type ResourceLimits, Worker } from "node:worker_threads";
import type { TaskRunner } from "../core/task-runner.js";
import type { WorkerMessage } from "../core/worker-messages.js";
import { makePoolRunner, type StartWorker } from "../core/worker-pool.js";

export interface WorkerOptions {
  /** The workers' code; the package's by default. */
  readonly entry?: URL | undefined;
  /** Node's own limits by default. */
  readonly resourceLimits?: ResourceLimits | undefined;
}

const ownEntry = new URL("./worker-entry.js", import.meta.url);

/**
 * @param threads all cores by default; no more are started than there are tasks
 * @throws RespikeError (exit 2) where it is no integer from 1 to 1024
 */
export function makeWorkerRunner(
  threads: number = availableParallelism(),
  options: WorkerOptions = {},
): TaskRunner {
  return makePoolRunner(threads, (events) => startThread(events, options));
}

function startThread(
  events: Parameters<StartWorker>[0],
  { entry = ownEntry, resourceLimits = {} }: WorkerOptions,
): ReturnType<StartWorker> {
  const worker = new Worker(entry, { resourceLimits });
  const toError = (cause: unknown) => (cause instanceof Error ? cause : new Error(String(cause)));
  worker.on("message", (message: WorkerMessage) => events.message(message));
  worker.on("messageerror", (cause) => events.death({ kind: "error", cause: toError(cause) }));
  worker.on("error", (cause) => {
    const memory = (cause as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
    events.death({ kind: memory ? "out-of-memory" : "error", cause: toError(cause) });
  });
  worker.on("exit", (code) => {
    events.death({ kind: "stopped", cause: new Error(`the worker stopped with code ${code}`) });
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    rest: (isIdle) => (isIdle ? worker.unref() : worker.ref()),
    async end() {
      await worker.terminate();
    },
  };
}
