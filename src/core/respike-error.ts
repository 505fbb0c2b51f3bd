/**
 * Typed errors of the whole toolkit.
 *
 * Knows: the exit codes and error fields of the interface contract.
 * May not know: networks, files, the terminal.
 */

/** The command line's exit codes; every error carries the one it ends the program with. */
export const exitCodes = {
  done: 0,
  defect: 1,
  usage: 2,
  inputRefused: 3,
  checkFailed: 4,
  environment: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** One thing that is wrong: where, which rule it breaks, with what value, and what to do next. */
export interface Problem {
  /** Machine-readable kebab-case code, for example `wrong-shape`. */
  readonly code: string;
  /** The place: a file, a node, a flag: `layer2.0.conv1 (conv)`. */
  readonly where: string;
  /** The rule that was broken, in words. */
  readonly rule: string;
  /** The offending value, printable. */
  readonly value: string;
  /** What the user can do about it. */
  readonly next: string;
}

/** Something worth saying that does not stop the work. */
export interface Warning {
  readonly code: string;
  readonly where: string;
  readonly message: string;
  /** Of how many it warns: channels of a layer, where a warning stands for each layer. */
  readonly count?: number;
}

/**
 * An error a user can act on. All problems found in one input are collected
 * before it is thrown; the fields of the first stand on the error itself.
 *
 * @example
 * ```ts
 * import { exitCodes, RespikeError } from "respike";
 *
 * const error = new RespikeError(exitCodes.inputRefused, {
 *   code: "wrong-shape",
 *   where: "layer2.0.conv1 (conv)",
 *   rule: "input channels = weight's second axis × groups",
 *   value: "64 channels, weight wants 32 × 1",
 *   next: "re-export with groups = 2",
 * });
 * console.log(error.exitCode, error.code, error.problems.length); // 3 wrong-shape 1
 * ```
 */
export class RespikeError extends Error {
  override readonly name = "RespikeError";
  readonly problems: readonly Problem[];
  /** What there was to say of the work before it failed; may explain why. */
  readonly warnings: readonly Warning[];

  constructor(
    readonly exitCode: ExitCode,
    problems: Problem | readonly Problem[],
    options?: ErrorOptions & { readonly warnings?: readonly Warning[] },
  ) {
    const list = "code" in problems ? [problems] : problems;
    super(list.map(describeProblem).join("\n"), options);
    this.problems = list;
    this.warnings = options?.warnings ?? [];
  }

  get code(): string {
    return this.problems[0]?.code ?? "unknown";
  }
  get where(): string {
    return this.problems[0]?.where ?? "";
  }
  get rule(): string {
    return this.problems[0]?.rule ?? "";
  }
  get value(): string {
    return this.problems[0]?.value ?? "";
  }
  get next(): string {
    return this.problems[0]?.next ?? "";
  }
}

/**
 * `where: value (rule); next` on one line.
 *
 * @example
 * ```ts
 * import { describeProblem } from "respike";
 *
 * const problem = { code: "usage", where: "-T", rule: "1 or more", value: "0", next: "give -T" };
 * console.log(describeProblem(problem)); // -T: 0 (1 or more); give -T
 * ```
 */
export function describeProblem(problem: Problem): string {
  return `${problem.where}: ${problem.value} (${problem.rule}); ${problem.next}`;
}

/** An input that is refused (exit 3): unreadable, unsupported, hostile, of the wrong shape. */
export function refuseInput(problems: Problem | readonly Problem[], cause?: unknown): RespikeError {
  return new RespikeError(exitCodes.inputRefused, problems, cause === undefined ? {} : { cause });
}

/** A wrong call (exit 2): unknown flag, bad number, missing argument. */
export function refuseUsage(problems: Problem | readonly Problem[]): RespikeError {
  return new RespikeError(exitCodes.usage, problems);
}
