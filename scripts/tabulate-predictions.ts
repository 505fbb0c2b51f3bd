/**
 * A Markdown table of predicted against true steps, from certified networks and evaluations on test images.
 *
 *   node dist-dev/scripts/tabulate-predictions.js 'LABEL=SNN[+SNN…],RUNFOLDER[,RUNFOLDER…]' …
 *
 * SNN: saved with a certificate (`convert`, or `diagnose --certify -o`). RUNFOLDER: of `evaluate`, or several shards', or a row
 * that measure-few-steps.ts kept (`cifar10-resnet20-binary-16.all.json`).
 * Where a recipe is made for one T, an SNN and its run folders for each T: of both the T it was made for is read, and
 * log ε is interpolated over log T between them. The true T is the first of the times that predictions are measured at from which on the loss stays within the bound.
 * Loss and operations are those at the true T, or at the last time where it is beyond that; of shards, which give no interval together, `merge` them first.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificate } from "#src/evaluation/diagnosis/certificate.js";
import { predictAcross, type StepPrediction, stepChoices } from "#src/evaluation/diagnosis/predict-steps.js";
import type { EvaluationResult } from "#src/evaluation/evaluation-result.js";
import { loadSnn } from "#src/index.js";
import { readCertificate } from "#src/library/read-certificate.js";
import { markdownTable, signed } from "./measure-support.js";

const largestFactor = 1.5;

interface Truth {
  readonly n: number;
  /** t → what was lost there, ascending. */
  readonly at: ReadonlyMap<number, Loss>;
}

interface Loss {
  /** Points. */
  readonly loss: number;
  /** Of a single run. */
  readonly lossCi95: readonly [number, number] | null;
  /** A mean over images. */
  readonly operations: number;
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
  const counted = new Map<number, (Loss & { readonly n: number })[]>();
  for (const folder of folders) {
    const run = readRun(folder);
    for (const { t, loss, lossCi95, sopEffective: operations } of isOneT ? run.at.slice(-1) : run.at) {
      if (loss === null) throw new Error(`${folder}: evaluated without the network`);
      counted.set(t, [...(counted.get(t) ?? []), { n: run.n, loss, lossCi95, operations }]);
    }
  }
  const sorted = [...counted].sort(([a], [b]) => a - b);
  const countImages = (parts: readonly { readonly n: number }[]) => parts.reduce((sum, { n }) => sum + n, 0);
  const n = Math.min(...sorted.map(([, parts]) => countImages(parts)));
  const at = sorted.map(([t, parts]) => {
    const mean = (value: "loss" | "operations") =>
      parts.reduce((sum, part) => sum + part[value] * part.n, 0) / countImages(parts);
    const lossCi95 = parts.length === 1 ? (parts[0]?.lossCi95 ?? null) : null;
    return [t, { loss: mean("loss"), lossCi95, operations: mean("operations") }] as const;
  });
  return { n, at: new Map(at) };
}

/** The certificate's own prediction, or one from the certificates of conversions for several T. */
function predict(certificates: readonly Certificate[]): readonly StepPrediction[] {
  const [only] = certificates;
  if (certificates.length === 1 && only !== undefined) return only.prediction;
  return predictAcross(certificates.map(({ steps }) => steps));
}

/** The first time from which on the loss stays within the bound; null where it does not. */
function findTrue({ at }: Truth, bound: number): { readonly T: number | null; readonly exact: boolean } {
  const times = [...at.keys()];
  const last = times.findLastIndex((t) => (at.get(t)?.loss ?? 0) > bound);
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

/** `0.52 [0.16, 0.88]` and millions of operations. */
function describeLoss({ at }: Truth, T: number | null): readonly string[] {
  const t = T ?? Math.max(...at.keys());
  const there = at.get(t);
  if (there === undefined) throw new Error(`no run was read at T = ${t}`);
  const { loss, lossCi95, operations } = there;
  const interval = lossCi95 === null ? "" : ` [${lossCi95.map((bound) => signed(bound)).join(", ")}]`;
  return [`${signed(loss)}${interval}${T === null ? ` at ${t}` : ""}`, (operations / 1e6).toFixed(1)];
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
    ...describeLoss(truth, real.T),
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
  "loss there, points [95 %]",
  "M operations",
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
