/**
 * Converts a model in a page: its bytes and training images come from the caller.
 *
 * Knows: how rooms fit together. May not know: where bytes and images came from.
 */
import { type ConversionReport, convertGraph } from "../conversion/convert-graph.js";
import { type ExplicitOptions, resolveConvertOptions } from "../conversion/convert-options.js";
import { describeOrigin } from "../conversion/describe-origin.js";
import type { LongCallOptions } from "../core/progress.js";
import { gatherImages, type ImageSet } from "../datasets/dataset.js";
import { hashIndices } from "../datasets/decoded-split.js";
import { selectCalibration, selectJudging } from "../datasets/split-training.js";
import { makeSimulation } from "../evaluation/simulate-calibration.js";
import type { Model } from "../formats/read-model.js";
import { countActivations } from "../graph/count-activations.js";
import { requirePreprocessing } from "../graph/resolve-preprocessing.js";
import type { Snn } from "../graph/snn.js";
import { hasCeilings } from "../graph/trained-ceilings.js";
import { type BrowserRunnerOptions, makeBrowserRunner } from "./browser-runner.js";

export interface BrowserConvertOptions extends ExplicitOptions, LongCallOptions, BrowserRunnerOptions {
  readonly seed?: number | undefined;
  /** What the data set is called, for the saved file. */
  readonly data?: string | undefined;
  /** Where spiking.wasm lies, dense.wasm beside it. */
  readonly wasmUrl?: URL | undefined;
  /** Saved as provenance, as the command line saves its own: the verb and the options that decide the result. */
  readonly command?: readonly string[] | undefined;
}

/**
 * The same network as the command line's `convert … --certify off` gives, to the byte; no certificate is measured.
 *
 * @param train the whole training split
 * @throws RespikeError exit 2 for options, 3 for a network or images that are refused, 4 where a pass that must
 * preserve the network's function did not
 * @example
 * ```ts
 * import { convert, type ImageSet, loadModel, saveSnn } from "respike/browser";
 *
 * async function convertHere(bytes: Uint8Array, train: ImageSet): Promise<Uint8Array> {
 *   const wasmUrl = new URL("/kernels/spiking.wasm", location.href);
 *   const { snn } = await convert(loadModel(bytes), train, { T: 64, calibrateN: 100, wasmUrl });
 *   return saveSnn(snn);
 * }
 * ```
 */
export async function convert(
  model: Model,
  train: ImageSet,
  options: BrowserConvertOptions = {},
): Promise<{ readonly snn: Snn; readonly report: ConversionReport }> {
  const preprocessing = requirePreprocessing(model.preprocessing, model.name);
  const resolved = resolveConvertOptions(options, hasCeilings(model.graph), countActivations(model.graph));
  const runner = makeBrowserRunner(options);
  const { signal, onProgress, wasmUrl, data = "images", command } = options;
  const indices = selectCalibration(train.n, resolved.calibrateN, resolved.seed);
  const calibration = { data, n: indices.length, indicesSha256: hashIndices(indices) };
  return await convertGraph({ graph: model.graph, preprocessing }, resolved, {
    calibration: {
      source: { read: (wanted) => gatherImages(train, wanted) },
      indices,
      judgingIndices: selectJudging(train.n),
    },
    runner,
    simulation: makeSimulation(train, preprocessing, runner, { ...resolved, signal, wasmUrl }),
    savedOptions: { data },
    provenance: describeOrigin({ model, calibration, command }, resolved),
    signal,
    onProgress,
    wasmUrl,
  });
}
