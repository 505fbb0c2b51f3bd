/**
 * Candidates of `auto` that cannot be tried: what is said of them, and what where none is left.
 *
 * Knows: why each was refused. May not know: how candidates are made or judged.
 */
import { RespikeError, type Warning } from "../../core/respike-error.js";
import type { AlphabetName } from "../../evaluation/auto-result.js";

/** A preset that cannot be converted with, or, where T is not null, one that cannot be run for so many steps. */
export interface LeftOut {
  readonly preset: string;
  readonly T: number | null;
  readonly error: RespikeError;
}

export function warnOfLeftOut({ preset, T, error }: LeftOut): Warning {
  const { where, rule, value } = error;
  return {
    code: "candidate-left-out",
    where: T === null ? preset : `${preset} at T = ${T}`,
    message: `left out, it cannot be ${T === null ? "made" : "run"}: ${where}: ${value} (${rule})`,
  };
}

/**
 * The error where nothing could be tried: what all presets are refused for, or for each preset the first that it is.
 *
 * @param leftOut at least one
 * @param alphabet that presets were restricted to; where it has but one, the error says that this was tried
 */
export function refuseAllLeftOut(leftOut: readonly LeftOut[], alphabet: AlphabetName | null): RespikeError {
  const reasons = leftOut.filter(
    ({ preset }, at) => at === leftOut.findIndex((one) => one.preset === preset),
  );
  const [{ preset, error: first }] = reasons as [LeftOut];
  if (reasons.length === 1 && alphabet !== null) return refuseOnly(preset, first, alphabet);
  if (reasons.every(({ error }) => error.message === first.message)) return first;
  const problems = reasons.flatMap(({ preset, T, error }) => {
    const which = `--preset ${preset}${T === null ? "" : ` at T = ${T}`}`;
    return error.problems.map((problem) => ({ ...problem, where: `${which}: ${problem.where}` }));
  });
  return new RespikeError(first.exitCode, problems, { cause: first });
}

/** The only preset of an alphabet was refused, by a name and for an option that nobody may have written. */
function refuseOnly(preset: string, cause: RespikeError, alphabet: AlphabetName): RespikeError {
  const tried = `--preset auto tried ${preset}, the only preset of --alphabet ${alphabet}`;
  const problems = cause.problems.map((problem) => ({
    ...problem,
    rule: `${tried}: ${problem.rule}`,
    next: `${problem.next}, or give another --alphabet`,
  }));
  return new RespikeError(cause.exitCode, problems, { cause });
}
