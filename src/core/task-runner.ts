/**
 * Independent tasks over a shared, read-only job, on one thread or many.
 *
 * Knows: that results may arrive in any order and carry their task's number.
 * May not know: kinds of workers (the `node` and `browser` rooms spawn them), networks.
 *
 * Whoever sums results does so in the order of task numbers, so that a total
 * does not depend on how many threads there were.
 */
export interface Job<Shared, Task, Result> {
  /** Names the handler in the worker's table of jobs. */
  readonly kind: string;
  /** Plain data; its typed arrays are put into shared memory once and copied into no worker. Read only. */
  readonly shared: Shared;
  /** Tasks are made lazily, so that only those in flight take memory. */
  readonly tasks: Iterable<Task> | AsyncIterable<Task>;
  /** What a task is about, for errors: `images 48…63`. */
  readonly describe?: ((task: Task, taskNumber: number) => string) | undefined;
  /** Buffers of a task that move to the worker instead of being copied; the task is not used again. */
  readonly transfer?: ((task: Task) => readonly ArrayBuffer[]) | undefined;
  /** Called once for each task, in the order in which results arrive. */
  readonly onResult: (result: Result, taskNumber: number) => void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export interface TaskRunner {
  readonly threads: number;
  run<Shared, Task, Result>(job: Job<Shared, Task, Result>): Promise<void>;
}

/** Handles the tasks of one job in one thread. */
export interface TaskHandler<Task, Result> {
  handle(task: Task): Promise<Result> | Result;
  /** Frees what `start` took. */
  free?(): void;
}

/** Makes a handler from the job's shared part; `kind` → factory is the worker's table. */
export type TaskHandlerFactory<Shared = never, Task = never, Result = unknown> = (
  shared: Shared,
) => Promise<TaskHandler<Task, Result>> | TaskHandler<Task, Result>;
