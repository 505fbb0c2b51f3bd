/**
 * Runs jobs on workers of any kind.
 *
 * Knows: messages, how errors and deaths of workers come back. May not know: how a worker is started, what jobs do.
 *
 * At most one task a worker is under way; the next is made when a worker is free, so that tasks take no memory before
 * their turn. A worker has its next task while its last result is handed over, but no third. Results are handed over one at a time. The first error ends the job and its workers: no result is lost
 * without one. Workers of a finished job wait a moment for the next one, which spares it their start.
 */
import { exitCodes, type Problem, RespikeError, refuseUsage } from "./respike-error.js";
import { shareMemory } from "./share-memory.js";
import type { Job, TaskRunner } from "./task-runner.js";
import { numberTasks } from "./task-source.js";
import {
  namePlace,
  outOfMemory,
  placeOf,
  type RunnerMessage,
  unpackError,
  type WorkerMessage,
  type WorkPlace,
} from "./worker-messages.js";

/** Why a worker is no more. */
export interface WorkerDeath {
  /** `stopped`: from outside, or by itself, without an error. */
  readonly kind: "error" | "out-of-memory" | "stopped";
  readonly cause: Error;
}

/** What the pool wants to hear of a worker. */
export interface WorkerEvents {
  message(message: WorkerMessage): void;
  death(death: WorkerDeath): void;
}

/** A worker as the pool sees it. */
export interface WorkerLine {
  /** @throws where the message cannot be sent; buffers of `transfer` are gone afterwards */
  post(message: RunnerMessage, transfer: readonly ArrayBuffer[]): void;
  /** Says whether the program may end while the worker is there. */
  rest(isIdle: boolean): void;
  end(): Promise<void>;
}

/** Starts a worker; whatever happens to it is told to `events`. */
export type StartWorker = (events: WorkerEvents) => WorkerLine;

const mostThreads = 1024;
const idleMilliseconds = 500;

/**
 * @param threads no more workers are started than there are tasks
 * @throws RespikeError (exit 2) where it is no integer from 1 to 1024
 */
export function makePoolRunner(threads: number, start: StartWorker): TaskRunner {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
    throw refuseUsage({
      code: "usage",
      where: "--threads",
      rule: `an integer from 1 to ${mostThreads}`,
      value: String(threads),
      next: "leave it out to use all cores",
    });
  }
  const idle = new IdleWorkers(start);
  return { threads, run: (job) => runJob(job, threads, idle) };
}

async function runJob<Shared, Task, Result>(
  job: Job<Shared, Task, Result>,
  threads: number,
  idle: IdleWorkers,
): Promise<void> {
  job.signal?.throwIfAborted();
  const running = new RunningJob(job);
  let isDone = false;
  try {
    const serving = Promise.all(Array.from({ length: threads }, () => running.serve(idle)));
    serving.catch(() => {});
    await Promise.race([serving, running.stop.aborted]);
    job.signal?.throwIfAborted();
    isDone = true;
  } finally {
    running.stop.end();
    if (isDone) idle.keep(running.workers);
    else await running.endWorkers();
    await running.tasks.close();
  }
}

/** A job under way: its tasks, the workers that do them, and the results being handed over one at a time. */
class RunningJob<Shared, Task, Result> {
  readonly workers: TaskWorker[] = [];
  readonly stop: ReturnType<typeof makeStop>;
  readonly tasks: ReturnType<typeof numberTasks<Task>>;
  readonly #shared: Shared;
  #handing: Promise<void> = Promise.resolve();

  constructor(private readonly job: Job<Shared, Task, Result>) {
    this.stop = makeStop(job.signal);
    this.tasks = numberTasks(job.tasks);
    this.#shared = shareMemory(job.shared);
  }

  /** One worker's share: tasks until there are none. */
  async serve(idle: IdleWorkers): Promise<void> {
    const { job, stop, tasks } = this;
    let next = await tasks.take();
    // Stopped while the first task was being made: a worker started now would outlive the job.
    if (next === undefined || stop.stopped()) return;
    const worker = idle.take();
    this.workers.push(worker);
    const about = job.describe?.(next.task, next.number) ?? null;
    const start = { type: "start", kind: job.kind, shared: this.#shared } as const;
    await worker.ask(start, { task: `job '${job.kind}'`, about });
    let handed = Promise.resolve();
    while (next !== undefined && !stop.stopped()) {
      const { task, number }: { task: Task; number: number } = next;
      const asked = worker.ask({ type: "task", task }, placeOf(job, task, number), job.transfer?.(task));
      asked.catch(() => {});
      await handed;
      handed = this.#handOver((await asked) as Result, number);
      next = await tasks.take();
    }
    await handed;
  }

  /** After the results before it. */
  #handOver(result: Result, number: number): Promise<void> {
    const handed = this.#handing.then(async () => {
      if (!this.stop.stopped()) await this.job.onResult(result, number);
    });
    this.#handing = handed.catch(() => {});
    return handed;
  }

  async endWorkers(): Promise<void> {
    await Promise.allSettled([this.#handing, ...this.workers.map((worker) => worker.end())]);
  }
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

/** Workers between two jobs. */
class IdleWorkers {
  #workers: TaskWorker[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly start: StartWorker) {}

  take(): TaskWorker {
    const worker = this.#workers.pop();
    if (worker === undefined || worker.isDead) return new TaskWorker(this.start);
    worker.rest(false);
    return worker;
  }

  keep(workers: readonly TaskWorker[]): void {
    for (const worker of workers) worker.rest(true);
    this.#workers.push(...workers);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const worker of this.#workers.splice(0)) void worker.end();
    }, idleMilliseconds);
    (this.#timer as { unref?(): void }).unref?.();
  }
}

interface Waiting {
  readonly place: WorkPlace;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One worker and the single question it is answering. */
class TaskWorker {
  readonly #line: WorkerLine;
  #waiting: Waiting | undefined;
  #death: WorkerDeath | undefined;

  constructor(start: StartWorker) {
    this.#line = start({
      message: (message) => this.#answer(message),
      death: (death) => this.#die(death),
    });
  }

  ask(message: RunnerMessage, place: WorkPlace, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { place, resolve, reject };
      if (this.#death !== undefined) this.#die(this.#death);
      else this.#line.post(message, transfer);
    });
  }

  get isDead(): boolean {
    return this.#death !== undefined;
  }

  rest(isIdle: boolean): void {
    this.#line.rest(isIdle);
  }

  async end(): Promise<void> {
    this.#waiting = undefined;
    await this.#line.end();
  }

  #answer(message: WorkerMessage): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (message.type === "error") waiting?.reject(unpackError(message.error, waiting.place));
    else waiting?.resolve(message.type === "result" ? message.result : undefined);
  }

  #die(death: WorkerDeath): void {
    this.#death ??= death;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(describeDeath(this.#death, waiting.place));
  }
}

function describeDeath({ kind, cause }: WorkerDeath, place: WorkPlace): Error {
  const where = namePlace(place);
  if (kind === "error") return new Error(`${where}: ${cause.message}`, { cause });
  const died: Problem = {
    code: "worker-died",
    where,
    rule: "a worker answers each of its tasks",
    value: cause.message,
    next: "run it again, with fewer --threads if memory is short; a run folder keeps what is finished (--resume)",
  };
  const problem = kind === "stopped" ? died : outOfMemory(where, cause.message);
  return new RespikeError(exitCodes.environment, problem, { cause });
}
