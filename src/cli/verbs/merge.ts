/**
 * `respike merge DIR…`: the shards of one evaluation put together.
 *
 * Knows: run folders. May not know: how results are summed.
 */
import { join, resolve } from "node:path";
import { refuseUsage } from "../../core/respike-error.js";
import { writeReport } from "../../library/evaluate.js";
import { isReproduction, mergeReproductions } from "../../library/reproduce/merge-reproductions.js";
import { mergeRuns, saveMergedRun } from "../../node/merge-runs.js";
import { renderReproductionText } from "../../report/reproduction/render-reproduction.js";
import { textFlag } from "../flags.js";
import { usageProblem } from "../parse-command.js";
import { defineVerb } from "../verb.js";
import { describeOutcome } from "./evaluate.js";

export const mergeVerb = defineVerb({
  name: "merge",
  summary: "put the shards of one evaluation, or the parts of a reproduction, together",
  arguments: [
    { name: "DIR…", description: "run folders of shards 1/k to k/k, in any order", required: true },
  ],
  flags: { out: textFlag("DIR", { description: "run folder of the whole" }) },
  explanation:
    "Shards may have run on different machines with any number of threads: the merged results are those of one run over all images, to the last digit.",
  examples: [["respike merge part1 part2 part3 --out whole", "three shards into one run folder"]],
  async run(folders, { out }, context) {
    if (out === undefined) {
      throw refuseUsage(usageProblem("--out", "the whole goes to a folder", "missing", "add --out DIR"));
    }
    if (folders.some((folder) => resolve(folder) === resolve(out))) {
      const next = "name another folder";
      throw refuseUsage(
        usageProblem("--out", "the whole has a folder of its own", `'${out}' is a shard`, next),
      );
    }
    const { force, command } = context;
    if (await isReproduction(folders[0] ?? "")) {
      const { result, folder } = await mergeReproductions(folders, out, { force, command });
      return { result, text: `${renderReproductionText(result)}\nreport: ${folder.report}` };
    }
    const merged = await mergeRuns(folders, command);
    const { evaluation, config } = merged;
    await saveMergedRun(out, merged, { force }, (path) => writeReport(path, evaluation, config));
    const outcome = {
      result: evaluation.result,
      warnings: evaluation.warnings,
      folder: { path: out, report: join(out, "report.html") },
    };
    return { result: outcome.result, text: describeOutcome(outcome), warnings: outcome.warnings };
  },
});
