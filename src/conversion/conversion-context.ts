/**
 * What a conversion is given: the network, training images, threads, a simulator.
 *
 * Knows: interfaces. May not know: who implements them.
 */
import type { LongCallOptions } from "../core/progress.js";
import type { TaskRunner } from "../core/task-runner.js";
import type { Graph } from "../graph/graph.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import type { ImageSource } from "./image-source.js";
import type { ResultCache } from "./result-cache.js";
import type { Simulation } from "./simulation.js";

/** The network to convert. */
export interface SourceModel {
  readonly graph: Graph;
  /** Null where nothing says how pixels become its input, which is refused. */
  readonly preprocessing: Preprocessing | null;
}

/** Training images for the conversion; all indices count in `source`. */
export interface Calibration {
  readonly source: ImageSource;
  /** Images that λ comes from, ascending. */
  readonly indices: Uint32Array;
  /** Images that judge compensation, ascending; disjoint from `indices`. */
  readonly judgingIndices: Uint32Array;
}

/** What a conversion works with, besides the network. */
export interface ConversionContext extends LongCallOptions {
  readonly calibration: Calibration;
  /** Knows the jobs of {@link conversionJobs}. */
  readonly runner: TaskRunner;
  /** Needed by `--compensate` and `--adjust`. */
  readonly simulation?: Simulation | undefined;
  /** Where spiking.wasm lies, dense.wasm beside it; if not in the package. */
  readonly wasmUrl?: URL | undefined;
  /**
   * Bytes of spikes that adjustment and compensation by layers keep at once, at most (1 GiB); layers that find no room are simulated
   * anew for each layer that reads them.
   */
  readonly spikeBytes?: number | undefined;
  /** What rounding changed is not measured: of many conversions one is kept. */
  readonly skipsRounding?: boolean | undefined;
  /** Statistics and what searches found. */
  readonly cache?: ResultCache | undefined;
  /** Saved in the SNN's options beside the conversion's own: `data`, `split`, … */
  readonly savedOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Saved as it is: what the SNN was made of and by which command; no time, thread or path. */
  readonly provenance?: Readonly<Record<string, unknown>> | undefined;
}
