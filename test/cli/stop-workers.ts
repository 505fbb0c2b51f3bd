/** Imported before the command line: stops the worker that gives the RESPIKE_TEST_STOP_AFTER-th result, as its next task begins. */
import { isMainThread, type Worker } from "node:worker_threads";
import type { WorkerMessage } from "#src/core/worker-messages.js";

const last = Number(process.env.RESPIKE_TEST_STOP_AFTER ?? Number.NaN);
let results = 0;

if (isMainThread) {
  process.on("worker", (worker: Worker) => {
    worker.on("message", ({ type }: WorkerMessage) => {
      if (type === "result" && ++results === last) setImmediate(() => void worker.terminate());
    });
  });
}
