/**
 * Findings as they are read one after another: advice that was given already is not said again.
 *
 * Knows: messages of findings. May not know: HTML, how advice is chosen.
 */
import { type Finding, splitMessage } from "../../evaluation/diagnosis/rank-findings.js";

/** One text a finding, in their order; of the same advice all but the first name the rank of the first. */
export function tellFindings(findings: readonly Finding[]): readonly string[] {
  const givenAt = new Map<string, number>();
  return findings.map((finding) => {
    const { error, advice } = splitMessage(finding);
    const first = givenAt.get(advice);
    if (advice === "") return error;
    if (first !== undefined) return `${error}; advice as at ${first}`;
    givenAt.set(advice, finding.rank);
    return finding.message;
  });
}
