/**
 * What `--resume` asks for.
 *
 * Knows: flags. May not know: run folders.
 */
import { type Problem, refuseUsage } from "../core/respike-error.js";
import { usageProblem } from "./parse-command.js";

interface ResumeFlags {
  readonly resume?: boolean | undefined;
  readonly out?: string | undefined;
}

/** What stands against it: without `--out` the folder has a new name, and there is nothing to go on with. */
export function listResumeProblems({ resume = false, out }: ResumeFlags): readonly Problem[] {
  if (!resume || out !== undefined) return [];
  return [
    usageProblem("--resume", "goes on with the run folder of --out", "no --out", "name the folder: --out"),
  ];
}

/** @throws RespikeError exit 2 */
export function refuseResume(flags: ResumeFlags): void {
  const problems = listResumeProblems(flags);
  if (problems.length > 0) throw refuseUsage(problems);
}
