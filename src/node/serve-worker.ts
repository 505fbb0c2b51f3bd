/**
 * What every worker thread's code does: answers its starter's messages.
 *
 * Knows: node:worker_threads. May not know: which jobs there are, what they do.
 */
import { parentPort } from "node:worker_threads";
import { serveTasks } from "../core/serve-tasks.js";
import type { TaskHandlerFactory } from "../core/task-runner.js";
import type { RunnerMessage } from "../core/worker-messages.js";

/** @param jobs job kind → factory @throws Error in a thread that is no worker */
export function serveWorker(jobs: Readonly<Record<string, TaskHandlerFactory>>): void {
  const port = parentPort;
  if (port === null) throw new Error("a worker's code runs in a worker thread only");
  const answer = serveTasks(jobs);
  port.on("message", async (message: RunnerMessage) => {
    port.postMessage(await answer(message));
  });
}
