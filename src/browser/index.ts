/** The library in a browser, `respike/browser`; see docs/library.md. */

import { type LoadModelOptions, type Model, readModel } from "../formats/read-model.js";
import { decodeSnn } from "../formats/snn/decode-snn.js";
import { encodeSnn } from "../formats/snn/encode-snn.js";
import type { Snn } from "../graph/snn.js";

/**
 * As `loadModel` of `respike`, from the file's bytes, which are only read.
 *
 * @throws RespikeError (exit 3) with every problem of the file
 * @example
 * ```ts
 * import { loadModel } from "respike/browser";
 *
 * const answer = await fetch("/networks/mnist-resnet8.safetensors");
 * const model = loadModel(new Uint8Array(await answer.arrayBuffer()), { name: "mnist-resnet8.safetensors" });
 * console.log(model.graph.input.attributes.shape);
 * ```
 */
export function loadModel(bytes: Uint8Array, options: LoadModelOptions = {}): Model {
  return readModel(bytes, options.name ?? "bytes", options);
}

/**
 * A spiking network from the bytes of its file, which are only read.
 *
 * @throws RespikeError (exit 3) with every problem of the file
 * @example
 * ```ts
 * import { loadSnn } from "respike/browser";
 *
 * const answer = await fetch("/mnist.snn.safetensors");
 * const snn = loadSnn(new Uint8Array(await answer.arrayBuffer()));
 * console.log(snn.layers.map(({ name }) => name));
 * ```
 */
export function loadSnn(bytes: Uint8Array, name = "bytes"): Snn {
  return decodeSnn(bytes, name);
}

/**
 * The bytes of a spiking network's file, which are the caller's; the same network gives the same bytes.
 *
 * @example
 * ```ts
 * import { loadSnn, saveSnn } from "respike/browser";
 *
 * const answer = await fetch("/mnist.snn.safetensors");
 * const bytes = saveSnn(loadSnn(new Uint8Array(await answer.arrayBuffer())));
 * const address = URL.createObjectURL(new Blob([bytes.slice().buffer]));
 * ```
 */
export function saveSnn(snn: Snn): Uint8Array {
  return encodeSnn(snn);
}

export type { LongCallOptions, ProgressEvent } from "../core/progress.js";
export {
  describeProblem,
  exitCodes,
  type Problem,
  RespikeError,
  type Warning,
} from "../core/respike-error.js";
export type { TaskRunner } from "../core/task-runner.js";
export { version } from "../core/version.js";
export type { ImageSet } from "../datasets/dataset.js";
export type { EvaluationResult } from "../evaluation/evaluation-result.js";
export { Graph } from "../graph/graph.js";
export { type Preprocessing, preprocessingPresets } from "../graph/preprocessing.js";
export type { Snn, SnnLayer } from "../graph/snn.js";
export { type BrowserRunnerOptions, makeBrowserRunner } from "./browser-runner.js";
export { type BrowserConvertOptions, convert } from "./convert.js";
export { type BrowserEvaluateOptions, evaluate } from "./evaluate.js";
export type { LoadModelOptions, Model };
