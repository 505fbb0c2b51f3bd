/**
 * What a pool and its workers tell each other.
 *
 * Knows: that errors lose their class on the way. May not know: jobs, kinds of workers.
 */
import { type ExitCode, exitCodes, type Problem, RespikeError } from "./respike-error.js";

/** To the worker: first `start`, then tasks, one at a time. */
export type RunnerMessage =
  | { readonly type: "start"; readonly kind: string; readonly shared: unknown }
  | { readonly type: "task"; readonly task: unknown };

export type WorkerMessage =
  | { readonly type: "ready" }
  | { readonly type: "result"; readonly result: unknown }
  | { readonly type: "error"; readonly error: PortableError };

export type PortableError =
  | { readonly typed: true; readonly exitCode: ExitCode; readonly problems: readonly Problem[] }
  | { readonly typed: false; readonly name: string; readonly message: string; readonly stack: string };

/** As engines word it where a buffer or a WebAssembly memory cannot be had. */
const noMemory = /allocation failed|out of memory|could not allocate|cannot allocate/i;

export function packError(error: unknown): PortableError {
  if (error instanceof RespikeError) {
    const problems = error.problems.map(({ code, where, rule, value, next }) => ({
      code,
      where,
      rule,
      value,
      next,
    }));
    return { typed: true, exitCode: error.exitCode, problems };
  }
  if (error instanceof RangeError && noMemory.test(error.message)) {
    return { typed: true, exitCode: exitCodes.environment, problems: [outOfMemory("memory", error.message)] };
  }
  if (error instanceof Error) {
    return { typed: false, name: error.name, message: error.message, stack: error.stack ?? "" };
  }
  return { typed: false, name: "Error", message: String(error), stack: "" };
}

export function outOfMemory(where: string, value: string): Problem {
  const next = "use a smaller --batch or fewer --threads";
  return { code: "out-of-memory", where, rule: "there is enough memory", value, next };
}

/** Where work went wrong: the place in the job, and what the task is about if the job says so. */
export interface WorkPlace {
  /** `task 3 of job 'simulate'` */
  readonly task: string;
  /** `images 48…63`; null where the job does not say. */
  readonly about: string | null;
}

export function placeOf<Task>(
  {
    kind,
    describe,
  }: { readonly kind: string; readonly describe?: ((task: Task, number: number) => string) | undefined },
  task: Task,
  number: number,
): WorkPlace {
  return { task: `task ${number} of job '${kind}'`, about: describe?.(task, number) ?? null };
}

export function namePlace({ task, about }: WorkPlace): string {
  return about === null ? task : `${task} (${about})`;
}

/** The error with its place: typed errors say what the task is about, others say everything. */
export function unpackError(error: PortableError, place: WorkPlace): Error {
  if (error.typed) {
    const { about } = place;
    const problems =
      about === null
        ? error.problems
        : error.problems.map((problem) => ({ ...problem, where: `${about}: ${problem.where}` }));
    return new RespikeError(error.exitCode, problems);
  }
  const cause = new Error(`${error.name}: ${error.message}`);
  if (error.stack !== "") cause.stack = error.stack;
  return new Error(`${namePlace(place)}: ${error.message}`, { cause });
}
