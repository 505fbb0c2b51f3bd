/**
 * `respike reproduce TARGET`: the article's tables and figures, run again.
 *
 * Knows: how a reproduction reads for people. May not know: how it is done.
 */
import { flagName } from "../../core/flag-name.js";
import { refuseUsage } from "../../core/respike-error.js";
import { targets } from "../../library/reproduce/experiments/experiment-list.js";
import { type Forecast, reproduce } from "../../library/reproduce/reproduce.js";
import { writeSlurm } from "../../library/reproduce/write-slurm.js";
import { renderReproductionText } from "../../report/reproduction/render-reproduction.js";
import { countFlag, integerFlag, patternFlag, switchFlag, textFlag } from "../flags.js";
import { usageProblem } from "../parse-command.js";
import { describeDuration } from "../report-progress.js";
import { nameRunFolder } from "../run-folder-name.js";
import { type CallContext, defineVerb } from "../verb.js";

export const reproduceVerb = defineVerb({
  name: "reproduce",
  summary: "run the article's tables and figures again, published beside measured",
  arguments: [{ name: targets.join("|"), description: "which experiments", required: true }],
  flags: {
    quick: switchFlag({
      description: "named subsets: the first 200 test images, networks up to depth 20, no long searches",
    }),
    n: countFlag({
      description: "the first N test images of each row; rows that explain differences take at most 1,000",
      shownDefault: "all; 200 with --quick",
    }),
    only: textFlag("TEXT", {
      description:
        "only rows whose names contain this: 'ResNet-20', 'cifar100', 'default'; several between |",
    }),
    models: textFlag("DIR", {
      description: "trained networks that go before those of the repository",
      shownDefault: "none",
    }),
    preprocess: textFlag("NAME", {
      description: "preprocessing of networks of that folder that say nothing of it",
      shownDefault: "what is known of published checkpoints",
    }),
    stored: switchFlag({
      description: "run nothing: report what earlier runs computed, of each row the one with most images",
    }),
    jobs: textFlag("DIR", {
      description: "where finished jobs are kept, for this and every later run",
      shownDefault: "runs/jobs; with --shard: jobs in the run folder",
    }),
    shard: patternFlag("i/k", /^[1-9]\d*\/[1-9]\d*$/, "i/k such as 1/3", {
      description: "only the i-th of k parts of the jobs; put together by merge",
    }),
    slurm: switchFlag({
      description: "run nothing: write an array job for sbatch and a merge job that waits for it to --out",
    }),
    parts: integerFlag(
      { min: 1, max: 1000 },
      { description: "tasks of that array", shownDefault: "a task a job, at most 100" },
    ),
    out: textFlag("DIR", { description: "run folder", shownDefault: "runs/<time>-reproduce-<target>" }),
    resume: switchFlag({ description: "go on with the run folder of --out where it stopped" }),
  },
  explanation:
    "Plans the rows of a table or figure, says how long they will take (from 50 images), converts and evaluates what no earlier run has, and writes a page with published and measured numbers side by side, plots, CSV tables and a verdict for each claim: confirmed, differs by …, or could not be run because …. Each job is a run folder of evaluate, found again by the hash of network, options and data: killed at any moment, the same command goes on where it stopped.",
  examples: [
    ["respike reproduce table2 --quick", "depth 20 on 200 images, some minutes"],
    [
      "respike reproduce all --models ../shared/models",
      "everything on 10,000 images with networks of a folder",
    ],
    ["respike reproduce table1 --shard 1/3 --out part1", "a third of the jobs, for respike merge"],
    ["respike reproduce all --stored --out page", "a page of what there is"],
    ["respike reproduce all --slurm --out cluster", "scripts for a cluster: cluster/submit.sh"],
  ],
  async run([target = ""], flags, context) {
    const out = flags.out ?? nameRunFolder(`reproduce-${target}`);
    refuseTogether(flags);
    if (flags.slurm === true) return writeScripts(target, out, flags, context);
    context.keepIn(out);
    const outcome = await reproduce(target, {
      ...flags,
      ...context,
      out,
      onForecast: (forecast) => context.say(describeForecast(forecast)),
    });
    const { result, warnings, folder } = outcome;
    const text = `${renderReproductionText(result)}\n${describeTime(result.forecast)}report: ${folder.report}`;
    return { result, warnings, text };
  },
});

/** Flags that say nothing beside `--slurm`, and `--parts`, which says nothing without. */
function refuseTogether(flags: Readonly<Record<string, unknown>>): void {
  const idle = flags.slurm === true ? ["stored", "shard", "resume"] : ["parts"];
  const given = idle.filter((key) => flags[key] !== undefined);
  if (given.length === 0) return;
  const rule = flags.slurm === true ? "not together with --slurm" : "of --slurm";
  throw refuseUsage(
    given.map((key) => usageProblem(flagName(key), rule, String(flags[key]), "leave it out")),
  );
}

async function writeScripts(target: string, out: string, flags: object, context: CallContext) {
  const program = [process.execPath, process.argv[1] ?? ""];
  const result = await writeSlurm(target, { ...flags, ...context, out, program });
  const { jobs, parts, scripts } = result;
  const text = `${jobs} jobs in ${parts} tasks: ${scripts.array}, then ${scripts.merge}\nsubmit both: ${scripts.submit}`;
  return { result, text };
}

/** What was run took so long, beside what was said before. */
function describeTime({ seconds, took }: Forecast): string {
  if (took === null) return "";
  const said = seconds === null ? "" : `, ${describeDuration(seconds)} were forecast`;
  return `the jobs took ${describeDuration(took)}${said}\n`;
}

function describeForecast({ jobs, reused, images, seconds }: Forecast): string {
  const again = reused === 0 ? "" : `, ${reused} more were finished before`;
  const count = images.toLocaleString("en-US");
  return `about ${describeDuration(seconds ?? 0)} for ${jobs} jobs of ${count} images in all${again}`;
}
