/**
 * A worker: starts one job's handler and handles one task after the other.
 *
 * Knows: messages. May not know: what jobs do (job-table.ts names them).
 */
import { parentPort } from "node:worker_threads";
import type { TaskHandler, TaskHandlerFactory } from "../core/task-runner.js";
import { jobTable } from "./job-table.js";
import { packError, type RunnerMessage, type WorkerMessage } from "./worker-messages.js";

let handler: TaskHandler<unknown, unknown> | undefined;

async function answer(message: RunnerMessage): Promise<WorkerMessage> {
  try {
    if (message.type === "task") {
      if (handler === undefined) throw new Error("a task came before its job");
      return { type: "result", result: await handler.handle(message.task) };
    }
    const factory = jobTable[message.kind] as TaskHandlerFactory<unknown, unknown> | undefined;
    if (factory === undefined) throw new RangeError(`no handler of jobs '${message.kind}'`);
    handler = await factory(message.shared);
    return { type: "ready" };
  } catch (error) {
    return { type: "error", error: packError(error) };
  }
}

const port = parentPort;
if (port === null) throw new Error("worker-entry.js runs in a worker thread only");
port.on("message", async (message: RunnerMessage) => {
  port.postMessage(await answer(message));
});
