/**
 * Runs jobs on worker threads.
 *
 * Knows: node:worker_threads, how errors and deaths of workers come back. May not know: what jobs do.
 *
 * At most one task a worker is under way; the next is made when a worker is free, so that tasks take no memory before
 * their turn. Results are handed over one at a time. The first error ends the job: no result is lost without one.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { exitCodes, RespikeError, refuseUsage } from "../core/respike-error.js";
import type { Job, TaskRunner } from "../core/task-runner.js";
import { type RunnerMessage, unpackError, type WorkerMessage } from "./worker-messages.js";

const mostThreads = 1024;

/**
 * @param threads all cores by default; no more are started than there are tasks
 * @throws RespikeError (exit 2) where it is no integer from 1 to 1024
 */
export function makeWorkerRunner(threads: number = availableParallelism()): TaskRunner {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
    throw refuseUsage({
      code: "usage",
      where: "--threads",
      rule: `an integer from 1 to ${mostThreads}`,
      value: String(threads),
      next: "leave it out to use all cores",
    });
  }
  return { threads, run: (job) => runJob(job, threads) };
}

/** The URL of the workers' code; a test may have its own. */
const entry = new URL("./worker-entry.js", import.meta.url);

async function runJob<Shared, Task, Result>(job: Job<Shared, Task, Result>, threads: number): Promise<void> {
  job.signal?.throwIfAborted();
  const workers: TaskWorker[] = [];
  const stop = makeStop(job.signal);
  const tasks = numberTasks(job.tasks);
  let handing: Promise<void> = Promise.resolve();
  const serve = async (): Promise<void> => {
    let next = await tasks.take();
    // Stopped while the first task was being made: a worker started now would outlive the job.
    if (next === undefined || stop.stopped()) return;
    const worker = new TaskWorker();
    workers.push(worker);
    await worker.ask({ type: "start", kind: job.kind, shared: job.shared }, `job '${job.kind}'`);
    while (next !== undefined && !stop.stopped()) {
      const { task, number }: { task: Task; number: number } = next;
      const place = `task ${number} of job '${job.kind}'`;
      const result = (await worker.ask({ type: "task", task }, place)) as Result;
      const handed = handing.then(async () => {
        if (!stop.stopped()) await job.onResult(result, number);
      });
      handing = handed.catch(() => {});
      await handed;
      next = await tasks.take();
    }
  };
  try {
    const serving = Promise.all(Array.from({ length: threads }, serve));
    serving.catch(() => {});
    await Promise.race([serving, stop.aborted]);
    job.signal?.throwIfAborted();
  } finally {
    stop.end();
    await Promise.allSettled([handing, ...workers.map((worker) => worker.end())]);
    await tasks.close();
  }
}

/** Tasks with their numbers, taken one at a time whoever asks. */
function numberTasks<Task>(tasks: Iterable<Task> | AsyncIterable<Task>) {
  const iterator = Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
  let count = 0;
  let ended = false;
  let taking: Promise<unknown> = Promise.resolve();
  const takeNow = async (): Promise<{ task: Task; number: number } | undefined> => {
    if (ended) return undefined;
    const { done, value } = await iterator.next();
    if (done === true) {
      ended = true;
      return undefined;
    }
    return { task: value, number: count++ };
  };
  return {
    take() {
      const taken = taking.then(takeNow);
      taking = taken.catch(() => {});
      return taken;
    },
    /** Tells the source that no more will be taken. */
    async close() {
      if (!ended) await iterator.return?.();
      ended = true;
    },
  };
}

/** Rejects with the signal's reason when it is aborted. */
function makeStop(signal: AbortSignal | undefined) {
  let over = false;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      over = true;
      reject(signal?.reason);
    };
  });
  aborted.catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    aborted,
    stopped: () => over,
    end() {
      over = true;
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

interface Waiting {
  readonly place: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One thread and the single question it is answering. */
class TaskWorker {
  readonly #worker = new Worker(entry);
  #waiting: Waiting | undefined;
  #death: Error | undefined;

  constructor() {
    this.#worker.on("message", (message: WorkerMessage) => this.#answer(message));
    this.#worker.on("messageerror", (error) => this.#die(error));
    this.#worker.on("error", (error) => this.#die(error));
    this.#worker.on("exit", (code) => this.#die(new Error(`the worker stopped with code ${code}`)));
  }

  ask(message: RunnerMessage, place: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { place, resolve, reject };
      if (this.#death !== undefined) this.#die(this.#death);
      else this.#worker.postMessage(message);
    });
  }

  async end(): Promise<void> {
    this.#waiting = undefined;
    await this.#worker.terminate();
  }

  #answer(message: WorkerMessage): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (message.type === "error") waiting?.reject(unpackError(message.error, waiting.place));
    else waiting?.resolve(message.type === "result" ? message.result : undefined);
  }

  #die(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.#death ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(describeDeath(this.#death, waiting.place));
  }
}

function describeDeath(cause: Error, place: string): Error {
  if ((cause as NodeJS.ErrnoException).code !== "ERR_WORKER_OUT_OF_MEMORY")
    return new Error(`${place}: ${cause.message}`, { cause });
  return new RespikeError(
    exitCodes.environment,
    {
      code: "out-of-memory",
      where: place,
      rule: "a worker has enough memory",
      value: cause.message,
      next: "use a smaller --batch or fewer --threads",
    },
    { cause },
  );
}
