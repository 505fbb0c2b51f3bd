/**
 * Runs jobs in the calling thread: for browsers without shared memory, tests and tiny jobs.
 *
 * Knows: the runner's contract. May not know: what jobs do.
 */
import type { Job, TaskHandler, TaskHandlerFactory, TaskRunner } from "./task-runner.js";
import { packError, placeOf, unpackError } from "./worker-messages.js";

/** Timers, abortions and a page's painting wait for a task, and no longer than so much beyond. */
const longestBlock = 50;

/** @param handlers job kind → factory */
export function makeInlineRunner(handlers: Readonly<Record<string, TaskHandlerFactory>>): TaskRunner {
  return {
    threads: 1,
    async run<Shared, Task, Result>(job: Job<Shared, Task, Result>): Promise<void> {
      const factory = handlers[job.kind] as TaskHandlerFactory<Shared, Task, Result> | undefined;
      if (factory === undefined) throw new RangeError(`no handler of jobs '${job.kind}'`);
      job.signal?.throwIfAborted();
      const handler = await factory(job.shared);
      try {
        let number = 0;
        let began = performance.now();
        for await (const task of job.tasks) {
          job.signal?.throwIfAborted();
          await job.onResult(await handle(handler, job, task, number), number++);
          if (performance.now() - began < longestBlock) continue;
          await new Promise((resolve) => setTimeout(resolve, 0));
          began = performance.now();
        }
      } finally {
        handler.free?.();
      }
    },
  };
}

/** As a worker would: an error says what its task was about. */
async function handle<Task, Result>(
  handler: TaskHandler<Task, Result>,
  job: Job<unknown, Task, Result>,
  task: Task,
  number: number,
): Promise<Result> {
  try {
    return await handler.handle(task);
  } catch (error) {
    if (job.describe === undefined) throw error;
    throw unpackError(packError(error), placeOf(job, task, number));
  }
}
