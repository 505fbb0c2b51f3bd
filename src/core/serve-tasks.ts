/**
 * A worker's side of a pool: starts one job's handler and handles one task after the other.
 *
 * Knows: messages. May not know: what jobs do, kinds of workers.
 */
import type { TaskHandler, TaskHandlerFactory } from "./task-runner.js";
import { packError, type RunnerMessage, type WorkerMessage } from "./worker-messages.js";

/** The answer to each message, in their order. @param jobs job kind → factory */
export function serveTasks(
  jobs: Readonly<Record<string, TaskHandlerFactory>>,
): (message: RunnerMessage) => Promise<WorkerMessage> {
  let handler: TaskHandler<unknown, unknown> | undefined;
  return async (message) => {
    try {
      if (message.type === "task") {
        if (handler === undefined) throw new Error("a task came before its job");
        return { type: "result", result: await handler.handle(message.task) };
      }
      const factory = jobs[message.kind] as TaskHandlerFactory<unknown, unknown> | undefined;
      handler?.free?.();
      handler = undefined;
      if (factory === undefined) throw new RangeError(`no handler of jobs '${message.kind}'`);
      handler = await factory(message.shared);
      return { type: "ready" };
    } catch (error) {
      return { type: "error", error: packError(error) };
    }
  };
}
