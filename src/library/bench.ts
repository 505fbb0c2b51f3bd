/**
 * How fast a spiking network runs on this machine: against T and threads, layer by layer, beside its float network.
 *
 * Knows: how the rooms fit together, what this machine is. May not know: flags' texts, the terminal.
 */
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { refuseUsage, type Warning } from "../core/respike-error.js";
import { gatherImages } from "../datasets/dataset.js";
import { makeFolder } from "../datasets/make-folder.js";
import type { BenchLayer, BenchResult } from "../evaluation/bench-result.js";
import { type BenchPlan, benchSnn } from "../evaluation/bench-snn.js";
import { defaultTimes, type EvaluationPlan, planEvaluation } from "../evaluation/evaluation-plan.js";
import { measureLayers } from "../evaluation/explain-layers.js";
import type { Readout } from "../graph/node-types.js";
import { preprocessPixels } from "../graph/preprocessing.js";
import type { Snn } from "../graph/snn.js";
import { makeWorkerRunner } from "../node/worker-runner.js";
import { refuseDisk, refuseExisting, writeWholeFile } from "../node/write-whole-file.js";
import { renderBench } from "../report/bench/render-bench.js";
import { checkDataFits, openData } from "./open-data.js";
import type { CallOptions } from "./surroundings.js";
import { version } from "./version.js";

export interface BenchCallOptions extends Omit<CallOptions, "threads"> {
  /** DATA; the one converted for. */
  readonly data?: string | undefined;
  readonly layout?: "nchw" | "nhwc" | undefined;
  readonly split?: "test" | "train" | undefined;
  /** Images of every round: the first n. One batch a thread by default. */
  readonly n?: number | undefined;
  /** The largest T; the SNN's by default. */
  readonly T?: number | undefined;
  /** Every T to measure; T and the three largest of 8, 16, 32, 64, 128, 256 below it by default. */
  readonly at?: readonly number[] | undefined;
  /** Numbers of worker threads; 1, 2, 4, … and all cores by default. */
  readonly threads?: number | readonly number[] | undefined;
  /** Images a worker takes at once; by size where left out. */
  readonly batch?: number | undefined;
  /** About how long a round takes (1). */
  readonly seconds?: number | undefined;
  /** Folder for bench.json, report.html and plots/; nothing is written without. */
  readonly out?: string | undefined;
  /** The command, for the report. */
  readonly command?: readonly string[] | undefined;
}

export interface BenchOutcome {
  readonly result: BenchResult;
  readonly warnings: readonly Warning[];
  readonly folder: { readonly path: string; readonly report: string } | null;
}

const timesBelow = 3;
const mostThreads = 1024;
const mostSeconds = 3600;

/**
 * Measures by the clock; two calls give similar figures, never the same.
 *
 * @throws RespikeError exit 2 for options, 3 for images that do not fit, 5 where a worker or the disk fails
 * @example
 * ```ts
 * import { bench, loadSnn } from "respike";
 *
 * const snn = await loadSnn("mnist.snn.safetensors");
 * const { result } = await bench(snn, { at: [8, 16], threads: [1], n: 2, seconds: 0.1 });
 * console.log(result.points.map(({ T }) => T)); // [ 8, 16 ]
 * ```
 */
export async function bench(snn: Snn, options: BenchCallOptions = {}): Promise<BenchOutcome> {
  // 1. what is asked for
  const warnings: Warning[] = [];
  const threads = resolveThreads(options.threads);
  checkSeconds(options.seconds);
  const plan = await planCall(snn, options, threads, warnings);
  const { out, force = false, command = ["respike", "bench"] } = options;
  if (out !== undefined) await openFolder(out, force);
  // 2. the measurement
  const figures = await benchSnn(makeBenchPlan(plan, threads, options), {
    makeRunner: makeWorkerRunner,
    readMemory: () => process.memoryUsage().rss,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  const result: BenchResult = { ...describeBench(plan, threads, options), ...figures, peakBytes: readPeak() };
  // 3. the pages
  if (out !== undefined) await writeFolder(out, result, snn, command);
  return {
    result,
    warnings,
    folder: out === undefined ? null : { path: out, report: join(out, "report.html") },
  };
}

export interface ExplainCallOptions extends Omit<BenchCallOptions, "threads" | "at" | "n" | "out"> {
  /** The SNN's where left out, as its delay. */
  readonly readout?: Readout | undefined;
  readonly delay?: number | undefined;
}

/**
 * Kernel, rate and time of each layer of a network, from one batch of images on one thread.
 *
 * @throws as {@link bench}
 */
export async function explain(snn: Snn, options: ExplainCallOptions = {}): Promise<readonly BenchLayer[]> {
  const plan = await planCall(snn, { ...options, at: [] }, [1], []);
  const { layers } = await measureLayers(makeBenchPlan(plan, [1], {}), makeWorkerRunner(1), options.signal);
  return layers;
}

function resolveThreads(threads: number | readonly number[] | undefined): readonly number[] {
  if (threads === undefined) {
    const cores = availableParallelism();
    return Array.from({ length: 11 }, (_, power) => 2 ** power)
      .filter((count) => count < cores)
      .concat(Math.min(cores, mostThreads));
  }
  const list = typeof threads === "number" ? [threads] : threads;
  const wrong = list.find((count) => !Number.isInteger(count) || count < 1 || count > mostThreads);
  if (list.length === 0 || wrong !== undefined) {
    throw refuseUsage({
      code: "bad-option",
      where: "--threads",
      rule: `integers from 1 to ${mostThreads}, such as 1,2,4`,
      value: list.length === 0 ? "none" : String(wrong),
      next: "leave it out to use 1, 2, 4, … and all cores",
    });
  }
  return [...new Set(list)].sort((a, b) => a - b);
}

function checkSeconds(seconds: number | undefined): void {
  if (seconds === undefined || (seconds > 0 && seconds <= mostSeconds)) return;
  throw refuseUsage({
    code: "bad-option",
    where: "--seconds",
    rule: `a number above 0, at most ${mostSeconds}`,
    value: String(seconds),
    next: "leave it out for 1 second",
  });
}

async function planCall(
  snn: Snn,
  options: BenchCallOptions & Pick<ExplainCallOptions, "readout" | "delay">,
  threads: readonly number[],
  warnings: Warning[],
): Promise<EvaluationPlan> {
  const name = options.data ?? snn.options.data;
  if (typeof name !== "string") {
    throw refuseUsage({
      code: "usage",
      where: "--data",
      rule: "says which images to run",
      value: "neither given nor saved in the SNN",
      next: "give --data mnist, a folder, or images.npy,labels.npy",
    });
  }
  const data = await openData(name, {
    ...options,
    threads: undefined,
    onWarning: (warning) => warnings.push(warning),
  });
  checkDataFits(data, snn.graph.input.attributes.shape, snn.graph.shape(snn.graph.output.id)[0]);
  const split = options.split ?? "test";
  const given = options.T ?? (options.at?.length ? Math.max(...options.at) : undefined);
  const T = given ?? snn.options.T;
  const below = defaultTimes.filter((t) => t < Number(T)).slice(-timesBelow);
  const { readout, delay, batch } = options;
  const evaluation = { split, T: given, at: options.at ?? below, batch, readout, delay } as const;
  const plan = planEvaluation(snn, data.splits[split], data.name, { ...evaluation, n: options.n });
  if (options.n !== undefined) return plan;
  const n = Math.min(data.splits[split].n, plan.batch * (threads[threads.length - 1] as number));
  return planEvaluation(snn, data.splits[split], data.name, { ...evaluation, n });
}

function makeBenchPlan(
  { snn, images, indices, setup, batch }: EvaluationPlan,
  threads: readonly number[],
  { n, seconds = 1 }: BenchCallOptions,
): BenchPlan {
  const [channels, height, width] = images.shape;
  const { T, at, readout, delay, backend } = setup.options;
  return {
    snn,
    images: preprocessPixels(gatherImages(images, indices), channels, height * width, snn.preprocessing),
    at,
    countAt: [...defaultTimes.filter((t) => t < T), T],
    threads,
    allImages: n !== undefined,
    roundSeconds: seconds,
    batch,
    readout,
    delay,
    backend,
  };
}

function describeBench(
  { setup, batch }: EvaluationPlan,
  threads: readonly number[],
  { data, seconds = 1 }: BenchCallOptions,
): Pick<BenchResult, "data" | "machine" | "neurons" | "number" | "options"> {
  const { split, n, T, at, readout, delay, backend } = setup.options;
  return {
    data: { name: setup.data.name, split, n },
    machine: {
      processor: cpus()[0]?.model.trim() || "unknown processor",
      cores: availableParallelism(),
      platform: `${process.platform} ${process.arch}`,
      node: process.versions.node,
    },
    neurons: setup.counts.neurons,
    number: setup.number,
    options: {
      data: data ?? setup.options.data,
      split,
      n,
      T,
      at,
      threads,
      batch,
      seconds,
      readout,
      delay,
      backend,
    },
  };
}

/** Bytes that were resident at once at most. */
const readPeak = () => process.resourceUsage().maxRSS * 1024;

/** Before the measurement, which takes its time. @throws RespikeError exit 2 where it exists, 5 where it cannot be made */
async function openFolder(out: string, force: boolean): Promise<void> {
  if (!force) await refuseExisting(out);
  await makeFolder(join(out, "plots")).catch((cause: unknown) => {
    throw refuseDisk(out, cause);
  });
}

async function writeFolder(
  out: string,
  result: BenchResult,
  { provenance: { arch, model } }: Snn,
  command: readonly string[],
): Promise<void> {
  const title = [arch, model].filter((part) => typeof part === "string").join(", ") || "Spiking network";
  const { html, plots } = await renderBench({ result, command, title, version });
  const write = (name: string, text: string) => writeWholeFile(join(out, name), text, { force: true });
  for (const [name, svg] of plots) await write(join("plots", name), svg);
  await write("report.html", html);
  await write("bench.json", `${JSON.stringify(result, null, 1)}\n`);
}
