/**
 * A Markdown table of predicted against true steps, from certified networks and evaluations on test images.
 *
 *   node dist-dev/scripts/tabulate-predictions.js 'LABEL=SNN[+SNN…],RUNFOLDER[,RUNFOLDER…]' …
 *
 * SNN: saved with a certificate (`convert`, or `diagnose --certify -o`). RUNFOLDER: of `evaluate`, or several shards', or a row
 * that measure-few-steps.ts kept (`cifar10-resnet20-binary-16.all.json`).
 * Where a recipe is made for one T, an SNN and its run folders for each T: of both the T it was made for is read, and
 * log ε is interpolated over log T between them. The true T is the first of the times that predictions are measured at from which on the loss stays within the bound.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificate } from "#src/evaluation/diagnosis/certificate.js";
import { predictAcross, type StepPrediction, stepChoices } from "#src/evaluation/diagnosis/predict-steps.js";
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

interface Run {
  readonly n: number;
  readonly at: EvaluationResult["snn"]["at"];
}

/** A run folder's results, or a row of measure-few-steps.ts. */
function readRun(path: string): Run {
  if (path.endsWith(".json")) return JSON.parse(readFileSync(path, "utf8")) as Run;
  const { data, snn } = JSON.parse(readFileSync(join(path, "results.json"), "utf8")) as EvaluationResult;
  return { n: data.n, at: snn.at };
}

/** @param isOneT of each run its last time alone */
function readTruth(folders: readonly string[], isOneT: boolean): Truth {
  const counted = new Map<number, { readonly n: number; readonly lost: number }>();
  for (const folder of folders) {
    const run = readRun(folder);
    for (const { t, loss } of isOneT ? run.at.slice(-1) : run.at) {
      if (loss === null) throw new Error(`${folder}: evaluated without the network`);
      const { n, lost } = counted.get(t) ?? { n: 0, lost: 0 };
      counted.set(t, { n: n + run.n, lost: lost + (loss / 100) * run.n });
    }
  }
  const sorted = [...counted].sort(([a], [b]) => a - b);
  const n = Math.min(...sorted.map(([, each]) => each.n));
  return { n, losses: new Map(sorted.map(([t, each]) => [t, (100 * each.lost) / each.n])) };
}

/** The certificate's own prediction, or one from the certificates of conversions for several T. */
function predict(certificates: readonly Certificate[]): readonly StepPrediction[] {
  const [only] = certificates;
  if (certificates.length === 1 && only !== undefined) return only.prediction;
  return predictAcross(certificates.map(({ steps }) => steps));
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
  images: number,
  { loss, T, disagreement }: StepPrediction,
  truth: Truth,
): { readonly cells: readonly string[]; readonly within: boolean } {
  const real = findTrue(truth, loss);
  const { factor, within } = judge(T, real.T);
  const changed = disagreement === null ? "–" : `[${disagreement.map((d) => d.toFixed(1)).join(", ")}]`;
  const cells = [
    label,
    String(images),
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
  const [files = "", ...folders] = paths.split(",");
  const certificates: Certificate[] = [];
  for (const file of files.split("+")) {
    const certificate = readCertificate(await loadSnn(file));
    if (certificate === undefined)
      throw new Error(`${file} has no certificate: respike diagnose --certify -o`);
    certificates.push(certificate);
  }
  const truth = readTruth(folders, certificates.length > 1);
  const images = Math.min(...certificates.map((certificate) => certificate.images.n));
  for (const prediction of predict(certificates)) rows.push(describeRow(label, images, prediction, truth));
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
