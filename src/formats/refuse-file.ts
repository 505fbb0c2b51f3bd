/**
 * How a format refuses a file: one shape of problem for all of them.
 *
 * Knows: the fields of a problem. May not know: any one format.
 */
import { type Problem, RespikeError, refuseInput } from "../core/respike-error.js";

const code = "bad-file";
const fetchAgain = "fetch or export the file again";

/** A problem of the file itself: damaged, hostile, not what it says it is. */
export function fileProblem(where: string, rule: string, value: string, next?: string): Problem {
  return { code, where, rule, value, next: next ?? fetchAgain };
}

/**
 * Reads a file; problems of the file itself that only say where in it they lie are thrown with its name before that.
 *
 * @param next what to do about a damaged file of this kind; problems that say something of their own keep it
 */
export function readNamedFile<T>(file: string, read: () => T, next: string = fetchAgain): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RespikeError)) throw error;
    const problems = error.problems.map((problem) => {
      if (problem.code !== code) return problem;
      const isNamed = problem.where === file || problem.where.startsWith(`${file}, `);
      const where = isNamed ? problem.where : `${file}, ${problem.where}`;
      return { ...problem, where, next: problem.next === fetchAgain ? next : problem.next };
    });
    const { exitCode, cause, warnings } = error;
    throw new RespikeError(exitCode, problems, { cause, warnings });
  }
}

/** @returns the error (exit 3) to throw for one such problem */
export function refuseFile(where: string, rule: string, value: string, next?: string): RespikeError {
  return refuseInput(fileProblem(where, rule, value, next));
}

/** Text from a file as it may stand in a message: quoted, control characters escaped, cut at 80 characters. */
export function quote(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(cut).replace(/^"|"$/g, "'");
}
