/**
 * Evaluates a spiking network in a page, on the caller's images.
 *
 * Knows: how rooms fit together. May not know: where images came from, files.
 */
import type { LongCallOptions } from "../core/progress.js";
import type { ImageSet } from "../datasets/dataset.js";
import type { Evaluation } from "../evaluation/accumulate.js";
import { fitEarlyExit } from "../evaluation/early-exit/fit-early-exit.js";
import { evaluateSnn } from "../evaluation/evaluate-snn.js";
import { type EvaluationOptions, planEvaluation } from "../evaluation/evaluation-plan.js";
import type { Snn } from "../graph/snn.js";
import { type BrowserRunnerOptions, makeBrowserRunner } from "./browser-runner.js";

export interface BrowserEvaluateOptions extends EvaluationOptions, LongCallOptions, BrowserRunnerOptions {
  /** What the data set is called, for the results. */
  readonly data?: string | undefined;
  /** With `earlyExit`: images that thresholds are fitted on, of which the last tenth (or 5,000) are used. */
  readonly training?: ImageSet | undefined;
}

/**
 * The results of the command line's `evaluate`, with the same numbers.
 *
 * @throws RespikeError exit 2 for options, 3 for images that do not fit, 5 for a worker that died (it names its images)
 * @example
 * ```ts
 * import { evaluate, type ImageSet, loadSnn } from "respike/browser";
 *
 * async function measureAccuracy(bytes: Uint8Array, images: ImageSet): Promise<number> {
 *   const wasmUrl = new URL("/kernels/spiking.wasm", location.href);
 *   const { result } = await evaluate(loadSnn(bytes), images, { T: 64, wasmUrl });
 *   return result.snn.at.at(-1)?.accuracy ?? 0;
 * }
 * ```
 */
export async function evaluate(
  snn: Snn,
  images: ImageSet,
  options: BrowserEvaluateOptions = {},
): Promise<Evaluation> {
  const runner = makeBrowserRunner(options);
  const { signal, onProgress, training } = options;
  const work = { signal, onProgress };
  const plan = planEvaluation(snn, images, options.data ?? "images", options);
  return await evaluateSnn(await fitEarlyExit(plan, training, runner, work), runner, work);
}
