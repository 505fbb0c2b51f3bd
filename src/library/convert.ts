/**
 * Converts a loaded model with calibration images of a data set.
 *
 * Knows: how the rooms fit together. May not know: flags' texts, the terminal.
 */
import { type ConversionReport, convertGraph } from "../conversion/convert-graph.js";
import { type ExplicitOptions, resolveConvertOptions } from "../conversion/convert-options.js";
import { describeOrigin } from "../conversion/describe-origin.js";
import type { Warning } from "../core/respike-error.js";
import { countElements } from "../core/tensor.js";
import { gatherImages } from "../datasets/dataset.js";
import { hashIndices } from "../datasets/decoded-split.js";
import { selectCalibration, selectJudging } from "../datasets/split-training.js";
import { makeSimulation } from "../evaluation/simulate-calibration.js";
import type { Model } from "../formats/read-model.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import { requirePreprocessing } from "../graph/resolve-preprocessing.js";
import type { Snn } from "../graph/snn.js";
import { hasCeilings } from "../graph/trained-ceilings.js";
import { resolveCacheFolder } from "../node/cache-folder.js";
import { openFileCache } from "../node/file-cache.js";
import { makeWorkerRunner } from "../node/worker-runner.js";
import { type Inspection, inspectModel } from "./inspect.js";
import { checkDataFits, guessData, openData } from "./open-data.js";
import type { CallOptions } from "./surroundings.js";

export interface ConvertCallOptions extends ExplicitOptions, CallOptions {
  readonly seed?: number | undefined;
  /** DATA whose training split the activation statistics come from; guessed from the network's shape. */
  readonly calibrate?: string | undefined;
  readonly layout?: "nchw" | "nhwc" | undefined;
  /** Saved as provenance: the verb and the options that decide the result, no paths. */
  readonly command?: readonly string[] | undefined;
}

/** The result of `convert`; `snn` describes the saved file and is null until it is saved. */
export interface ConversionResult {
  readonly snn: { readonly path: string; readonly sha256: string; readonly bytes: number } | null;
  readonly model: Inspection;
  readonly preprocessing: Preprocessing;
  readonly calibration: {
    readonly data: string;
    readonly split: "train";
    readonly n: number;
    readonly indicesSha256: string;
    readonly lambda: string;
    readonly scope: string;
  };
  readonly passes: ConversionReport["passes"];
  readonly layers: ConversionReport["layers"];
  readonly compensation: ConversionReport["compensation"];
  readonly rounding: ConversionReport["rounding"];
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Conversion {
  readonly snn: Snn;
  readonly result: ConversionResult;
  readonly warnings: readonly Warning[];
}

/**
 * Converts a trained network into a spiking one.
 *
 * @param model as `loadModel` gives it; its preprocessing must be known
 * @returns the network, and everything there is to say about how it was made
 * @throws RespikeError exit 2 for options, 3 for a network or images that are refused, 4 where a pass
 * that must preserve the network's function did not
 * @example
 * ```ts
 * import { convert, loadModel, saveSnn } from "respike";
 *
 * const model = await loadModel("networks/mnist-resnet8.safetensors");
 * const { snn, result } = await convert(model, { calibrateN: 100, T: 64 });
 * console.log(result.layers.length); // 7
 * await saveSnn(snn, "mnist.snn.safetensors", { force: true });
 * ```
 */
export async function convert(model: Model, options: ConvertCallOptions = {}): Promise<Conversion> {
  // 1. what is asked for, checked before anything is fetched
  const preprocessing = requirePreprocessing(model.preprocessing, model.name);
  const resolved = resolveConvertOptions(options, hasCeilings(model.graph));
  const warnings: Warning[] = [...model.warnings];
  // 2. calibration images
  const { name, train } = await openCalibration(model, options, (warning) => warnings.push(warning));
  const indices = selectCalibration(train.n, resolved.calibrateN, resolved.seed);
  const { lambda, lambdaScope: scope } = resolved;
  const chosen = { data: name, n: indices.length, indicesSha256: hashIndices(indices) };
  // 3. the conversion itself
  const runner = makeWorkerRunner(options.threads);
  const { snn, report } = await convertGraph({ graph: model.graph, preprocessing }, resolved, {
    calibration: {
      source: { read: (wanted) => gatherImages(train, wanted) },
      indices,
      judgingIndices: selectJudging(train.n),
    },
    runner,
    simulation: makeSimulation(train, preprocessing, runner, { ...resolved, signal: options.signal }),
    cache: openStatisticsCache(options.cacheDir),
    savedOptions: { data: name },
    provenance: describeOrigin({ model, calibration: chosen, command: options.command }, resolved),
    signal: options.signal,
    onProgress: options.onProgress,
  });
  // 4. what there is to say
  const { warnings: said, ...reported } = report;
  const result: ConversionResult = {
    snn: null,
    model: inspectModel(model),
    preprocessing,
    calibration: { ...chosen, split: "train", lambda, scope },
    ...reported,
  };
  return { snn, result, warnings: [...warnings, ...said] };
}

/** The training split that the activation statistics come from. */
async function openCalibration(
  { graph }: Model,
  options: ConvertCallOptions,
  onWarning: (warning: Warning) => void,
) {
  const { shape } = graph.input.attributes;
  const classes = countElements(graph.shape(graph.output.id));
  const data = await openData(options.calibrate ?? guessData(shape, classes), { ...options, onWarning });
  checkDataFits(data, shape, classes);
  return { name: data.name, train: data.splits.train };
}

function openStatisticsCache(cacheDir: string | undefined) {
  const cache = openFileCache(resolveCacheFolder(cacheDir), "statistics");
  return {
    get: async (key: string) => (await cache.get(key)) ?? null,
    put: (key: string, bytes: Uint8Array) => cache.put(key, bytes),
  };
}
