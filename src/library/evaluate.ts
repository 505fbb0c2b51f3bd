/**
 * Evaluates a spiking network beside the network it came from, with or without a run folder.
 *
 * Knows: how the rooms fit together. May not know: flags' texts, the terminal.
 */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type RespikeError, refuseUsage, type Warning } from "../core/respike-error.js";
import { hashBytes, hashLargeBytes, viewBytes } from "../core/sha256.js";
import type { TaskRunner } from "../core/task-runner.js";
import { makeFolder } from "../datasets/make-folder.js";
import type { Evaluation } from "../evaluation/accumulate.js";
import { fitEarlyExit } from "../evaluation/early-exit/fit-early-exit.js";
import { checkMaxLoss, evaluateSnn } from "../evaluation/evaluate-snn.js";
import { type EvaluationPlan, planEvaluation } from "../evaluation/evaluation-plan.js";
import type { EvaluationResult } from "../evaluation/evaluation-result.js";
import { parseShard } from "../evaluation/shards.js";
import { warnOfGuessing } from "../evaluation/warn-of-guessing.js";
import { encodeSnn } from "../formats/snn/encode-snn.js";
import { warnOfOtherDelay, warnOfOtherSteps } from "../graph/made-for-steps.js";
import type { Readout } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import { resolveCacheFolder } from "../node/cache-folder.js";
import { refuseExistingRun } from "../node/claim-folder.js";
import { openFileCache } from "../node/file-cache.js";
import { openRunFolder, type RunConfig } from "../node/run-folder.js";
import { makeWorkerRunner } from "../node/worker-runner.js";
import { writeWholeFile } from "../node/write-whole-file.js";
import { renderReport } from "../report/render-report.js";
import type { ConversionResult } from "./convert.js";
import { checkDataFits, openData } from "./open-data.js";
import { readCertificate } from "./read-certificate.js";
import type { CallOptions } from "./surroundings.js";
import { version } from "./version.js";

export interface EvaluateCallOptions extends CallOptions {
  /** DATA; the one converted for. */
  readonly data?: string | undefined;
  readonly layout?: "nchw" | "nhwc" | undefined;
  readonly split?: "test" | "train" | undefined;
  readonly n?: number | "all" | undefined;
  readonly T?: number | undefined;
  readonly at?: readonly number[] | undefined;
  readonly readout?: Readout | undefined;
  readonly delay?: number | undefined;
  readonly input?: "current" | "poisson" | undefined;
  readonly backend?: "wasm" | "reference" | undefined;
  readonly noAnn?: boolean | undefined;
  /** P: images stop when they are decided; at most this share of the decisions differs from those at T. */
  readonly earlyExit?: number | undefined;
  /** The result is an error with exit code 4 where the loss at T is larger, after everything is written; it has the warnings. */
  readonly maxLoss?: number | undefined;
  /** `i/k`. */
  readonly shard?: string | undefined;
  readonly hash?: boolean | undefined;
  readonly batch?: number | undefined;
  /** Run folder; nothing is written without. */
  readonly out?: string | undefined;
  readonly resume?: boolean | undefined;
  /** The command, for the report. */
  readonly command?: readonly string[] | undefined;
  /** The conversion that made the SNN, for the report and results.json. */
  readonly convert?: ConversionResult | undefined;
}

export interface EvaluationOutcome {
  readonly result: EvaluationResult & { readonly convert?: ConversionResult };
  readonly warnings: readonly Warning[];
  /** Run folder and its report, where one was asked for. */
  readonly folder: { readonly path: string; readonly report: string } | null;
}

/**
 * Accuracy over time, spikes, operations and energy of a spiking network on labelled images.
 *
 * @throws RespikeError exit 2 for options, 3 for images that do not fit, 4 for a loss above `maxLoss`
 * @example
 * ```ts
 * import { evaluate, loadSnn } from "respike";
 *
 * const snn = await loadSnn("mnist.snn.safetensors");
 * const { result } = await evaluate(snn, { n: 20, T: 64 });
 * console.log(result.data.n, result.snn.at.map(({ t }) => t)); // 20 [ 8, 16, 32, 64 ]
 * ```
 */
export async function evaluate(snn: Snn, options: EvaluateCallOptions = {}): Promise<EvaluationOutcome> {
  return evaluateInto(snn, options, async () => {});
}

/** @param writeMore what else the run folder gets, before results.json and while it is this run's */
export async function evaluateInto(
  snn: Snn,
  options: EvaluateCallOptions,
  writeMore: () => Promise<void>,
): Promise<EvaluationOutcome> {
  // 1. images and what is asked for
  if (options.maxLoss !== undefined && options.noAnn === true) throw lossWithoutNetwork();
  const warnings: Warning[] = [];
  const runner = makeWorkerRunner(options.threads);
  const { out, resume, force } = options;
  if (out !== undefined) await refuseExistingRun(out, { resume, force });
  const plan = await planCall(snn, options, runner, warnings);
  // 2. where finished work is kept
  const config = await describeRun(snn, plan, options);
  const folder = out === undefined ? null : await openRunFolder(out, config, { resume, force });
  const more = options.convert === undefined ? {} : { convert: options.convert };
  let evaluation: Evaluation;
  try {
    // 3. the work
    const { signal, onProgress } = options;
    evaluation = await evaluateSnn(plan, runner, { signal, onProgress, store: folder ?? undefined });
    // 4. tables, plots, report; results.json last
    const report = async (path: string) => {
      await writeReport(path, evaluation, config);
      await writeMore();
    };
    await folder?.finish(evaluation, report, more);
  } finally {
    await folder?.close();
  }
  // 5. what there is to say, and the check that was asked for
  warnings.push(...evaluation.warnings, ...listGuesses(evaluation, plan));
  const failed =
    options.maxLoss === undefined
      ? null
      : checkMaxLoss(evaluation.result, options.maxLoss, warnings, out && join(out, "report.html"));
  if (failed !== null) throw failed;
  return {
    result: { ...evaluation.result, ...more },
    warnings,
    folder: out === undefined ? null : { path: out, report: join(out, "report.html") },
  };
}

function lossWithoutNetwork(): RespikeError {
  return refuseUsage({
    code: "bad-option",
    where: "--max-loss",
    rule: "a loss is measured beside the network",
    value: "the network is left out by --no-ann",
    next: "drop one of them",
  });
}

function listGuesses({ result: { ann, data } }: Evaluation, { setup }: EvaluationPlan): readonly Warning[] {
  if (ann === null) return [];
  const guesses = warnOfGuessing(ann, setup.classes, `${data.split} images of ${data.name}`);
  return guesses === null ? [] : [guesses];
}

async function planCall(
  snn: Snn,
  options: EvaluateCallOptions,
  runner: TaskRunner,
  warnings: Warning[],
): Promise<EvaluationPlan> {
  const name = options.data ?? snn.options.data;
  if (typeof name !== "string") throw missingData();
  const onWarning = (warning: Warning) => warnings.push(warning);
  const data = await openData(name, { ...options, onWarning });
  const classes = snn.graph.shape(snn.graph.output.id)[0];
  checkDataFits(data, snn.graph.input.attributes.shape, classes);
  const split = options.split ?? "test";
  const plan = planEvaluation(snn, data.splits[split], data.name, {
    ...options,
    split,
    ann: options.noAnn !== true,
    shard: options.shard === undefined ? undefined : parseShard(options.shard),
  });
  const { T, delay } = plan.setup.options;
  warnings.push(...[warnOfOtherSteps(snn, T), warnOfOtherDelay(snn, delay)].filter((each) => each !== null));
  if (options.earlyExit === undefined) return plan;
  const { signal, onProgress } = options;
  const cache = openFileCache(resolveCacheFolder(options.cacheDir), "early-exit");
  const snnSha256 = hashBytes(encodeSnn(snn));
  const fit = { signal, onProgress, onWarning, cache, snnSha256 };
  return fitEarlyExit(plan, data.splits.train, runner, fit);
}

function missingData(): RespikeError {
  return refuseUsage({
    code: "usage",
    where: "--data",
    rule: "says which images to evaluate on",
    value: "neither given nor saved in the SNN",
    next: "give --data mnist, a folder, or images.npy,labels.npy",
  });
}

/** config.json: the resolved options, and the hashes that a resumed run must agree with. */
async function describeRun(snn: Snn, plan: EvaluationPlan, options: EvaluateCallOptions): Promise<RunConfig> {
  const { signal: _, onProgress: __, convert, command = ["respike", "evaluate"], ...flags } = options;
  const { provenance } = snn;
  const certificate = readCertificate(snn);
  return {
    schema: "respike.run/1",
    version,
    command,
    flags: { ...flags, ...resolveFlags(options, plan) },
    inputs: {
      snnSha256: hashBytes(encodeSnn(snn)),
      imagesSha256: await hashLargeBytes(viewBytes(plan.images.pixels), viewBytes(plan.images.labels)),
    },
    setup: plan.setup,
    ...(convert === undefined ? {} : { convert }),
    snn: { provenance, ...(certificate === undefined ? {} : { certificate }) },
  };
}

/** The flags with their defaults, as `--config` takes them. */
function resolveFlags(options: EvaluateCallOptions, { setup }: EvaluationPlan): Record<string, unknown> {
  const { ann, shard, ...decided } = setup.options;
  return {
    ...decided,
    data: options.data ?? setup.options.data,
    noAnn: !ann,
    ...(shard === null ? {} : { shard }),
    threads: options.threads ?? availableParallelism(),
    cacheDir: resolveCacheFolder(options.cacheDir),
    offline: options.offline ?? false,
    force: options.force ?? false,
    resume: options.resume ?? false,
    ...(options.maxLoss === undefined ? {} : { maxLoss: options.maxLoss }),
    ...(options.batch === undefined ? {} : { batch: options.batch }),
  };
}

/** report.html and plots/, from an evaluation that is finished and the configuration that its folder holds. */
export async function writeReport(
  folder: string,
  { result, warnings }: Evaluation,
  config: RunConfig,
): Promise<void> {
  const conversion = config.convert as ConversionResult | undefined;
  const { snn } = config;
  const { html, plots } = await renderReport({
    results: result,
    command: config.command,
    version,
    configuration: { ...config.flags, ...config.setup.options },
    hashes: config.inputs,
    warnings,
    ...(snn === undefined
      ? {}
      : { provenance: snn.provenance, title: nameNetwork(snn), certificate: readCertificate(snn) }),
    ...(conversion === undefined ? {} : { conversion: { ...conversion, snn: conversion.snn ?? {} } }),
  });
  await makeFolder(join(folder, "plots"));
  for (const [name, svg] of plots) await writeWholeFile(join(folder, "plots", name), svg, { force: true });
  await writeWholeFile(join(folder, "report.html"), html, { force: true });
}

/** `resnet20, option A (cifar10-resnet20.th)` */
function nameNetwork({ provenance: { arch, model } }: Pick<Snn, "provenance">): string {
  const name = typeof arch === "string" ? arch : "spiking network";
  return typeof model === "string" ? `${name} (${model})` : name;
}
