/**
 * How a format refuses a file: one shape of problem for all of them.
 *
 * Knows: the fields of a problem. May not know: any one format.
 */
import { type Problem, type RespikeError, refuseInput } from "../core/respike-error.js";

/** A problem of the file itself: damaged, hostile, not what it says it is. */
export function fileProblem(where: string, rule: string, value: string, next?: string): Problem {
  return { code: "bad-file", where, rule, value, next: next ?? "fetch or export the file again" };
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
