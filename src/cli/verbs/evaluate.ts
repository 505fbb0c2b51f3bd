/**
 * `respike evaluate SNN`: accuracy over time beside the network, spikes, operations, energy.
 *
 * Knows: how an evaluation reads for people. May not know: how it is done.
 */
import { basename } from "node:path";
import { refuseUsage } from "../../core/respike-error.js";
import { explain } from "../../library/bench.js";
import { type EvaluationOutcome, evaluate } from "../../library/evaluate.js";
import { loadSnn } from "../../library/snn-files.js";
import { renderExplanation } from "../../report/bench/render-bench.js";
import { describeExit, describeSavings } from "../../report/describe-exit.js";
import { renderTable } from "../../report/render-table.js";
import { describeOtherSteps, describeVerdict } from "../../report/verdict.js";
import { refuseResume } from "../check-resume.js";
import { evaluationFlags } from "../evaluation-flags.js";
import { switchFlag } from "../flags.js";
import { usageProblem } from "../parse-command.js";
import { nameRunFolder } from "../run-folder-name.js";
import { defineVerb } from "../verb.js";

export const evaluateVerb = defineVerb({
  name: "evaluate",
  summary: "measure a spiking network on labelled images, beside the network it came from",
  arguments: [{ name: "SNN", description: "a .snn.safetensors", required: true }],
  flags: {
    ...evaluationFlags,
    explain: switchFlag({
      description: "then time one batch and tell each layer's kernel, its cost, and the kernels rejected",
    }),
  },
  explanation:
    "Simulates every image for T steps on all cores and writes a run folder: results.json, CSV tables, plots and a report.html that needs no network. The interval beside a loss is paired: both networks saw the same images. Killed at any moment it goes on with --resume and gives the same results.",
  examples: [
    ["respike evaluate resnet20.snn.safetensors --n 1000 -T 64", "the first 1,000 test images, 64 steps"],
    [
      "respike evaluate resnet20.snn.safetensors --max-loss 0.5",
      "exit 4 where more than half a point is lost",
    ],
    [
      "respike evaluate resnet20.snn.safetensors --early-exit 0.01",
      "stop images when they are decided; at most 1 % of the decisions change",
    ],
    ["respike evaluate r.snn.safetensors --shard 1/3 --out part1", "one of three parts, for respike merge"],
  ],
  async run([file], { explain: isExplained = false, ...flags }, context) {
    refuseResume(flags);
    if (isExplained) refuseExplaining(flags);
    const snn = await loadSnn(file as string);
    const out = flags.out ?? nameRunFolder(basename(file as string).replace(/(\.snn)?\.safetensors$/, ""));
    context.keepIn(out);
    const outcome = await evaluate(snn, { ...flags, ...context, out });
    const { warnings } = outcome;
    const text = describeOutcome(outcome);
    if (!isExplained) return { result: outcome.result, text, warnings };
    const { data, layout, split, T, batch, readout, delay } = flags;
    const layers = await explain(snn, { ...context, data, layout, split, T, batch, readout, delay });
    const result = { ...outcome.result, explanation: layers };
    return { result, text: `${text}\n\n${renderExplanation(layers)}`, warnings };
  },
});

/** What is explained is the fast simulator on constant currents. @throws RespikeError exit 2 */
function refuseExplaining({ backend, input }: { readonly backend?: string; readonly input?: string }): void {
  const problems = [
    ...(backend === "reference" ? [["--backend reference", "has no kernels to tell of"] as const] : []),
    ...(input === "poisson" ? [["--input poisson", "runs other kernels than are timed"] as const] : []),
  ].map(([flag, why]) =>
    usageProblem(
      "--explain",
      "times the fast simulator on constant currents",
      `${flag} ${why}`,
      "leave one out",
    ),
  );
  if (problems.length > 0) throw refuseUsage(problems);
}

/** The verdict, the table, and where the rest lies. */
export function describeOutcome({ result, folder }: EvaluationOutcome): string {
  const { imagesPerSecond, backend, threads, number } = result.run;
  const speed = imagesPerSecond === null ? "" : `${imagesPerSecond.toPrecision(3)} images/s, `;
  const others = describeOtherSteps(result);
  return [
    describeVerdict(result),
    "",
    renderTable(result),
    ...(others === null ? [] : [others]),
    "",
    ...describeEarlyExit(result),
    `${speed}backend ${backend}, ${describeThreads(threads)}${number}, ${result.snn.alphabet} spikes`,
    ...(result.spikeHash === undefined ? [] : [`spike hash ${result.spikeHash}`]),
    ...(folder === null ? [] : [`report: ${folder.report}`]),
  ].join("\n");
}

/** Shards that were merged ran on threads that nobody counts. */
function describeThreads(threads: number): string {
  if (threads === 0) return "";
  return threads === 1 ? "1 thread, " : `${threads} threads, `;
}

function describeEarlyExit({ earlyExit, snn }: EvaluationOutcome["result"]): readonly string[] {
  if (earlyExit === undefined) return [];
  const savings = describeSavings(earlyExit);
  return [describeExit(earlyExit, snn.T), ...(savings === null ? [] : [savings]), ""];
}
