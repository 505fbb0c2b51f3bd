/**
 * Runs jobs in the calling thread: for browsers, tests and tiny jobs.
 *
 * Knows: the runner's contract. May not know: what jobs do.
 */
import type { Job, TaskHandlerFactory, TaskRunner } from "./task-runner.js";

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
        for await (const task of job.tasks) {
          job.signal?.throwIfAborted();
          await job.onResult(await handler.handle(task), number++);
        }
      } finally {
        handler.free?.();
      }
    },
  };
}
