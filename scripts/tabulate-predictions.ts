/**
 * A Markdown table of predicted against true steps, from certified networks and evaluations on test images.
 *
 *   node dist-dev/scripts/tabulate-predictions.js 'LABEL=SNN,RUNFOLDER[,RUNFOLDER…]' …
 *
 * SNN: saved with a certificate (`convert`, or `diagnose --certify -o`). RUNFOLDER: of `evaluate`, or several shards'.
 * The true T is the first of the times that predictions are measured at from which on the loss stays within the bound.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificate } from "#src/evaluation/diagnosis/certificate.js";
import { type StepPrediction, stepChoices } from "#src/evaluation/diagnosis/predict-steps.js";
import type { EvaluationResult } from "#src/evaluation/evaluation-result.js";
import { loadSnn } from "#src/index.js";
import { readCertificate } from "#src/library/read-certificate.js";
import { markdownTable } from "./measure-support.js";

const largestFactor = 1.5;

interface Truth {
  readonly n: number;
  /** t → loss in points, ascending. */
  readonly losses: ReadonlyMap<number, number>;
}

function readTruth(folders: readonly string[]): Truth {
  let n = 0;
  const right = new Map<number, number>();
  for (const folder of folders) {
    const result = JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as EvaluationResult;
    n += result.data.n;
    for (const { t, annOnly, snnOnly } of result.snn.at) {
      if (annOnly === null || snnOnly === null) throw new Error(`${folder}: evaluated without the network`);
      right.set(t, (right.get(t) ?? 0) + annOnly - snnOnly);
    }
  }
  const losses = [...right].sort(([a], [b]) => a - b).map(([t, lost]) => [t, (100 * lost) / n] as const);
  return { n, losses: new Map(losses) };
}

/** The first time from which on the loss stays within the bound; null where it does not. */
function findTrue({ losses }: Truth, bound: number): { readonly T: number | null; readonly exact: boolean } {
  const times = [...losses.keys()];
  const last = times.findLastIndex((t) => (losses.get(t) ?? 0) > bound);
  const T = times[last + 1] ?? null;
  const between = stepChoices.filter((t) => t > (times[last] ?? 0) && t < (T ?? 0));
  return { T, exact: between.length === 0 };
}

function judge(predicted: number | null, truth: number | null): { factor: string; within: boolean } {
  if (predicted === null && truth === null) return { factor: "neither within T", within: true };
  if (predicted === null || truth === null) return { factor: "one of them beyond T", within: false };
  const factor = Math.max(predicted / truth, truth / predicted);
  return { factor: factor.toFixed(2), within: factor <= largestFactor };
}

function describeRow(
  label: string,
  { images }: Certificate,
  { loss, T, disagreement }: StepPrediction,
  truth: Truth,
): { readonly cells: readonly string[]; readonly within: boolean } {
  const real = findTrue(truth, loss);
  const { factor, within } = judge(T, real.T);
  const changed = disagreement === null ? "–" : `[${disagreement.map((d) => d.toFixed(1)).join(", ")}]`;
  const cells = [
    label,
    String(images.n),
    `≤ ${loss}`,
    String(T ?? "beyond T"),
    changed,
    `${real.exact ? "" : "≤ "}${real.T ?? "beyond T"}`,
    truth.n.toLocaleString("en-US"),
    factor,
    within ? "yes" : "no",
  ];
  return { cells, within };
}

const rows = [];
for (const argument of process.argv.slice(2)) {
  const [label = "", paths = ""] = argument.split("=");
  const [snn = "", ...folders] = paths.split(",");
  const certificate = readCertificate(await loadSnn(snn));
  if (certificate === undefined) throw new Error(`${snn} has no certificate: respike diagnose --certify -o`);
  const truth = readTruth(folders);
  for (const prediction of certificate.prediction)
    rows.push(describeRow(label, certificate, prediction, truth));
}
const head = [
  "network",
  "training images",
  "loss",
  "predicted T",
  "changed there, %",
  "true T",
  "test images",
  "factor",
  "within 1.5",
];
console.log(
  markdownTable(
    head,
    rows.map(({ cells }) => cells),
  ),
);
console.log(
  `\n${rows.filter(({ within }) => within).length} of ${rows.length} within a factor of ${largestFactor}`,
);
