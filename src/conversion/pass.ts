/**
 * What a conversion pass is: a graph in, a new graph out, and whether the function must stay.
 *
 * Knows: what passes may read. May not know: which passes there are (pass-order.ts).
 */
import type { Warning } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import type { GraphNode } from "../graph/node-types.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import type { ConvertOptions } from "./convert-options.js";
import type { Activation } from "./list-activations.js";

/** λ of one activation and what the calibration images showed of it. */
export interface ActivationScale {
  /** One number, or one a channel; 1 where `silent`, which divides nothing. */
  readonly lambda: readonly number[];
  /** Mean of min(a, λ)/λ over the calibration images. */
  readonly rate: number;
  /** Largest calibration value over λ, over all channels. */
  readonly maxRate: number;
  /** Channels whose largest calibration value is 0. */
  readonly deadChannels: readonly number[];
  /** Channels that must never fire: those whose λ is 0. */
  readonly silentChannels: readonly number[];
}

export interface PassContext {
  readonly options: ConvertOptions;
  readonly preprocessing: Preprocessing;
  /** Where neurons will stand. */
  readonly activations: readonly Activation[];
  /** By id of the activation's relu. */
  readonly scales: ReadonlyMap<string, ActivationScale>;
  readonly warn: (warning: Warning) => void;
  /** Where the number format keeps what it made of each target, for the next graph that differs in few of them. */
  readonly formatted?: Map<string, FormattedTarget> | undefined;
}

/** The nodes of a target in its number format, and the parts that decided them. */
export interface FormattedTarget {
  readonly decides: readonly unknown[];
  readonly nodes: readonly GraphNode[];
}

export interface Pass {
  readonly name: string;
  /** `function`: outputs may differ by rounding alone; measured after each run. */
  readonly preserves: (options: ConvertOptions) => "function" | "nothing";
  readonly run: (graph: Graph, context: PassContext) => Graph;
}

/** What a pass changed, measured on calibration and random images. */
export interface PassReport {
  readonly name: string;
  readonly preserves: "function" | "nothing";
  /** Largest difference of an output before and after; null where it was not measured. */
  readonly maxAbsDiff: number | null;
  /** The same over the largest |output|. */
  readonly maxRelDiff: number | null;
  /** Largest maxRelDiff allowed; null where nothing must be preserved. */
  readonly tolerance: number | null;
  readonly images: number;
}
