/**
 * What a runner and its workers tell each other.
 *
 * Knows: that errors lose their class on the way. May not know: jobs.
 */
import { type ExitCode, type Problem, RespikeError } from "../core/respike-error.js";

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
  if (error instanceof Error) {
    return { typed: false, name: error.name, message: error.message, stack: error.stack ?? "" };
  }
  return { typed: false, name: "Error", message: String(error), stack: "" };
}

/** @param place names the job and the task, for errors that are not typed */
export function unpackError(error: PortableError, place: string): Error {
  if (error.typed) return new RespikeError(error.exitCode, error.problems);
  const cause = new Error(`${error.name}: ${error.message}`);
  if (error.stack !== "") cause.stack = error.stack;
  return new Error(`${place}: ${error.message}`, { cause });
}
