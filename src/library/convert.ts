/**
 * Converts a loaded model with calibration images of a data set.
 *
 * Knows: how the rooms fit together. May not know: flags' texts, the terminal.
 */
import { type ConversionReport, convertGraph } from "../conversion/convert-graph.js";
import { type ExplicitOptions, resolveConvertOptions } from "../conversion/convert-options.js";
import { describeOrigin } from "../conversion/describe-origin.js";
import type { Warning } from "../core/respike-error.js";
import type { TaskRunner } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import { gatherImages, type ImageSet } from "../datasets/dataset.js";
import { hashIndices } from "../datasets/decoded-split.js";
import { selectCalibration, selectJudging } from "../datasets/split-training.js";
import type { Certificate } from "../evaluation/diagnosis/certificate.js";
import { certifyRun } from "../evaluation/diagnosis/certify-snn.js";
import { explainNoneUnseen, selectUnseen } from "../evaluation/diagnosis/unseen-images.js";
import { makeSimulation } from "../evaluation/simulate-calibration.js";
import { warnOfCertifiedGuessing } from "../evaluation/warn-of-guessing.js";
import type { Model } from "../formats/read-model.js";
import { countActivations } from "../graph/count-activations.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import { requirePreprocessing } from "../graph/resolve-preprocessing.js";
import type { Snn } from "../graph/snn.js";
import { hasCeilings } from "../graph/trained-ceilings.js";
import { resolveCacheFolder } from "../node/cache-folder.js";
import { openFileCache } from "../node/file-cache.js";
import { makeWorkerRunner } from "../node/worker-runner.js";
import { planRun } from "./diagnose.js";
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
  /** Whether the network gets a certificate, measured on training images that no choice has seen (`on` where there are any). */
  readonly certify?: "on" | "off" | undefined;
  /** Saved in the network's options beside the conversion's own. */
  readonly savedOptions?: Readonly<Record<string, unknown>> | undefined;
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
  readonly adjustment: ConversionReport["adjustment"];
  readonly rounding: ConversionReport["rounding"];
  readonly options: Readonly<Record<string, unknown>>;
  /** Null with `certify` off, and where no training images are held back. */
  readonly certificate: Certificate | null;
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
  return await convertOn(model, options, null);
}

/** Images and workers of many conversions. */
export interface OpenedCalibration {
  readonly name: string;
  readonly train: ImageSet;
  readonly runner: TaskRunner;
  /** What rounding changed is not measured. */
  readonly isTrial: boolean;
}

/** The same with images and workers that many conversions share; null opens its own. */
export async function convertOn(
  model: Model,
  options: ConvertCallOptions,
  opened: OpenedCalibration | null,
): Promise<Conversion> {
  // 1. what is asked for, checked before anything is fetched
  const preprocessing = requirePreprocessing(model.preprocessing, model.name);
  const resolved = resolveConvertOptions(options, hasCeilings(model.graph), countActivations(model.graph));
  const warnings: Warning[] = [...model.warnings];
  // 2. calibration images
  const { name, train } = opened ?? (await openCalibration(model, options, warnings.push.bind(warnings)));
  const indices = selectCalibration(train.n, resolved.calibrateN, resolved.seed);
  const { lambda, lambdaScope: scope } = resolved;
  const chosen = { data: name, n: indices.length, indicesSha256: hashIndices(indices) };
  // 3. the conversion itself
  const runner = opened?.runner ?? makeWorkerRunner(options.threads);
  const { snn: converted, report } = await convertGraph({ graph: model.graph, preprocessing }, resolved, {
    calibration: describeCalibration(train, indices),
    runner,
    skipsRounding: opened?.isTrial,
    simulation: makeSimulation(train, preprocessing, runner, { ...resolved, signal: options.signal }),
    cache: openResultCache(options.cacheDir),
    savedOptions: { data: name, ...options.savedOptions },
    provenance: describeOrigin({ model, calibration: chosen, command: options.command }, resolved),
    signal: options.signal,
    onProgress: options.onProgress,
  });
  // 4. its certificate
  const certificate = await certifyConversion(converted, train, name, report.passes, runner, options);
  const snn = certificate === null ? converted : { ...converted, certificate };
  // 5. what there is to say
  const { warnings: said, ...reported } = report;
  const result: ConversionResult = {
    snn: null,
    model: inspectModel(model),
    preprocessing,
    calibration: { ...chosen, split: "train", lambda, scope },
    ...reported,
    certificate,
  };
  const doubts = describeDoubts(snn, certificate, train.n, options);
  return { snn, result, warnings: [...warnings, ...said, ...doubts] };
}

const describeCalibration = (train: ImageSet, indices: Uint32Array) => ({
  source: { read: (wanted: ArrayLike<number>) => gatherImages(train, wanted) },
  indices,
  judgingIndices: selectJudging(train.n),
});

/** What the network is worth on training images that no choice has seen; null where there are none, or nobody asks. */
async function certifyConversion(
  snn: Snn,
  train: ImageSet,
  data: string,
  passes: ConversionReport["passes"],
  runner: TaskRunner,
  { certify = "on", seed, signal, onProgress }: ConvertCallOptions,
): Promise<Certificate | null> {
  if (certify === "off" || selectUnseen(snn, train.n, 1).length === 0) return null;
  const run = planRun(snn, train, data, { T: Number(snn.options.T), seed });
  return certifyRun(run, runner, { signal, onProgress, passes });
}

/** What its certificate warns of: guessing, or that none could be measured. */
function describeDoubts(
  snn: Snn,
  certificate: Certificate | null,
  trainCount: number,
  { certify = "on" }: ConvertCallOptions,
): readonly Warning[] {
  if (certificate === null) {
    if (certify === "off") return [];
    const message = `none is measured: ${explainNoneUnseen(snn, trainCount)}, or --certify off`;
    return [{ code: "no-certificate", where: "certificate", message }];
  }
  const guesses = warnOfCertifiedGuessing(certificate, snn.graph.shape(snn.graph.output.id)[0]);
  return guesses === null ? [] : [guesses];
}

/** The training split that the activation statistics come from. */
export async function openCalibration(
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

function openResultCache(cacheDir: string | undefined) {
  const cache = openFileCache(resolveCacheFolder(cacheDir), "statistics");
  return {
    get: async (key: string) => (await cache.get(key)) ?? null,
    put: (key: string, bytes: Uint8Array) => cache.put(key, bytes),
  };
}
