/**
 * What a caller of `train` gives and gets.
 *
 * Knows: names of options and results. May not know: how a network is trained.
 */
import type { Warning } from "../core/respike-error.js";
import type { Dataset } from "../datasets/dataset.js";
import type { Graph } from "../graph/graph.js";
import type { EpochRecord } from "../training/checkpoint.js";
import type { LoweringChoice } from "../training/lowering-choice.js";
import type { TrainingRequest } from "../training/plan-training.js";
import type { TrainingDevice } from "../training/training-device.js";
import type { CallOptions } from "./surroundings.js";

export interface TrainCallOptions extends CallOptions, Omit<TrainingRequest, "seed"> {
  /** DATA: `mnist`, `cifar10`, `cifar100`, a folder, or `images.npy,labels.npy`; or images in memory. */
  readonly data: string | Dataset;
  readonly layout?: "nchw" | "nhwc" | undefined;
  /** `relu` (default; `clip` for a graph that has trained ceilings), `clip` or `qcfs:L`. */
  readonly activation?: string | undefined;
  readonly lowering?: LoweringChoice | undefined;
  /** Where the engine computes: `cpu` (default) or `cuda`. A run may go on with `resume` on the other. */
  readonly device?: TrainingDevice | undefined;
  /** Worker threads that make batches ahead (0: the training thread makes them). */
  readonly batchWorkers?: number | undefined;
  /** The trained network's file, `….safetensors`; none is written without it. */
  readonly output?: string | undefined;
  /** Run folder: checkpoint, curve, report; nothing is kept of the run without it. */
  readonly out?: string | undefined;
  /** Goes on with what the run folder holds. */
  readonly resume?: boolean | undefined;
  /** The command, for the provenance and the report. */
  readonly command?: readonly string[] | undefined;
}

export interface TrainResult {
  /** Null without `output`. */
  readonly model: { readonly path: string; readonly sha256: string; readonly bytes: number } | null;
  /** `graph` where the network was given. */
  readonly arch: string;
  readonly shortcut: string;
  readonly data: string;
  readonly epochs: number;
  readonly bestEpoch: number;
  /** On the whole test split, once; correct of n, accuracy in percent. */
  readonly test: { readonly correct: number; readonly n: number; readonly accuracy: number };
  readonly judgedAccuracy: number;
  readonly lowering: string;
  /** Of the steps since the last resumption. */
  readonly device: TrainingDevice;
  /** Seconds of all steps, those before a resumption too; judging and steps lost by a kill are not in it. */
  readonly trainingSeconds: number;
  /** Images trained on a second of these; null where the time is not known. */
  readonly imagesPerSecond: number | null;
  /** Share of them in which no step ran in the engine. */
  readonly engineIdle: number | null;
  readonly curve: readonly EpochRecord[];
}

export interface TrainOutcome {
  readonly result: TrainResult;
  /** The trained network, batch norms and all: `convert({ ...model, graph }, …)` takes it. */
  readonly graph: Graph;
  readonly warnings: readonly Warning[];
  /** Null without `out`. */
  readonly folder: { readonly path: string; readonly report: string } | null;
}
