/**
 * The one JSON document that `--json` prints, on success and on failure.
 *
 * Knows: the envelope's fields. May not know: verbs' results.
 */
import { exitCodes, type Problem, RespikeError, type Warning } from "../core/respike-error.js";

export interface SuccessEnvelope {
  readonly verb: string;
  readonly version: string;
  readonly command: readonly string[];
  readonly warnings: readonly Warning[];
  readonly result: unknown;
  readonly timing: Readonly<Record<string, number>>;
}

/** Numbers that JSON cannot hold become null, and a warning says where. */
export function printSuccess(envelope: SuccessEnvelope): string {
  const { verb, version, command, timing } = envelope;
  const places: string[] = [];
  const result = replaceNonFinite(envelope.result, "result", places);
  const lost = places.map((where) => ({
    code: "not-a-number",
    where,
    message: "the value is not a finite number and is given as null",
  }));
  const warnings = [...envelope.warnings, ...lost];
  return JSON.stringify({
    schema: `respike.${verb}/1`,
    ok: true,
    version,
    command,
    warnings,
    result,
    timing,
  });
}

/** @param warnings what was said of the work before it failed */
export function printFailure(problems: readonly Problem[], warnings: readonly Warning[]): string {
  const errors = problems.map(({ code, where, rule, value, next }) => ({ code, where, rule, value, next }));
  return JSON.stringify({ schema: "respike.error/1", ok: false, warnings, errors });
}

function replaceNonFinite(value: unknown, where: string, places: string[]): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    places.push(where);
    return null;
  }
  if (Array.isArray(value)) return value.map((item, at) => replaceNonFinite(item, `${where}[${at}]`, places));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, replaceNonFinite(item, `${where}.${key}`, places)]),
    );
  }
  return value;
}

/** Any thrown thing as problems and an exit code; what is not typed is a defect of ours. */
export function describeFailure(error: unknown): { problems: readonly Problem[]; exitCode: number } {
  if (error instanceof RespikeError) return { problems: error.problems, exitCode: error.exitCode };
  const system = describeSystemError(error);
  if (system !== undefined) return { problems: [system], exitCode: exitCodes.environment };
  const value = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const defect: Problem = {
    code: "defect",
    where: "respike",
    rule: "this should not happen",
    value,
    next: "it is a defect of respike: please report it with the command and the text above (see CONTRIBUTING.md)",
  };
  return { problems: [defect], exitCode: exitCodes.defect };
}

const systemReasons: Readonly<Record<string, string>> = {
  ENOSPC: "free some disk space, or choose another folder",
  EDQUOT: "free some disk space, or choose another folder",
  EACCES: "check the permissions, or choose another folder",
  EPERM: "check the permissions, or choose another folder",
  EROFS: "choose a folder that can be written to",
  EMFILE: "close other programs, or raise the limit of open files",
  ENOMEM: "free some memory, or use --threads 1",
};

function describeSystemError(error: unknown): Problem | undefined {
  const { code, path, message } = error as { code?: unknown; path?: unknown; message?: unknown };
  if (error instanceof RangeError && /allocation failed/i.test(String(message))) {
    return {
      code: "out-of-memory",
      where: "memory",
      rule: "the work fits into memory",
      value: String(message),
      next: "use --threads 1 or a smaller --batch",
    };
  }
  const next = typeof code === "string" ? systemReasons[code] : undefined;
  if (next === undefined) return undefined;
  return {
    code: String(code).toLowerCase(),
    where: String(path ?? "system"),
    rule: "the system allows it",
    value: String(message),
    next,
  };
}
