/** The public library; see docs/library.md. */

export type { LongCallOptions, ProgressEvent } from "./core/progress.js";
export {
  describeProblem,
  exitCodes,
  type Problem,
  RespikeError,
  type Warning,
} from "./core/respike-error.js";
export type { Dataset, ImageSet } from "./datasets/dataset.js";
export type { AutoCandidate, AutoResult } from "./evaluation/auto-result.js";
export type { BenchLayer, BenchPoint, BenchResult } from "./evaluation/bench-result.js";
export type { Certificate } from "./evaluation/diagnosis/certificate.js";
export type { Diagnosis } from "./evaluation/diagnosis/diagnose-snn.js";
export type { EvaluationResult } from "./evaluation/evaluation-result.js";
export { Graph } from "./graph/graph.js";
export type { GraphNode, NodeAttributes, Op, Shape } from "./graph/node-types.js";
export { type Preprocessing, preprocessingPresets } from "./graph/preprocessing.js";
export { printGraph } from "./graph/print-graph.js";
export type { Snn, SnnLayer } from "./graph/snn.js";
export type { AutoCallOptions, AutoConversion } from "./library/auto/auto-options.js";
export { convertAuto } from "./library/auto/convert-auto.js";
export { type BenchCallOptions, type BenchOutcome, bench } from "./library/bench.js";
export {
  type Conversion,
  type ConversionResult,
  type ConvertCallOptions,
  convert,
} from "./library/convert.js";
export { type DiagnoseCallOptions, type DiagnosisOutcome, diagnose } from "./library/diagnose.js";
export { type EvaluateCallOptions, type EvaluationOutcome, evaluate } from "./library/evaluate.js";
export { type InspectedFile, type Inspection, inspect } from "./library/inspect.js";
export { type LoadModelOptions, loadModel, type Model } from "./library/load-model.js";
export { type OpenDataOptions, openData } from "./library/open-data.js";
export { type RunCallOptions, type RunOutcome, type RunResult, run } from "./library/run.js";
export { loadSnn, type SavedFile, saveSnn } from "./library/snn-files.js";
export type { CallOptions } from "./library/surroundings.js";
export { type TrainCallOptions, type TrainOutcome, type TrainResult, train } from "./library/train.js";
export { version } from "./library/version.js";
