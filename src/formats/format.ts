/**
 * The shape that every model format has: recognise bytes, parse them to a graph.
 *
 * Knows: bytes. May not know: paths, the network, conversion.
 */
import type { Warning } from "../core/respike-error.js";
import type { Tensor } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import type { Preprocessing } from "../graph/preprocessing.js";

export type ShortcutKind = "A" | "B" | "P" | "avg";

export interface ModelOptions {
  /** Architecture name for files that hold weights only; guessed from the keys where missing. */
  readonly arch?: string | undefined;
  readonly shortcut?: ShortcutKind | undefined;
  readonly bnEpsilon?: number | undefined;
  /** [H,W] of the images; by default 28×28 for one channel, else 32×32. */
  readonly inputSize?: readonly [height: number, width: number] | undefined;
  /** For messages, and a hint where the keys leave the architecture open. */
  readonly fileName?: string | undefined;
}

export interface ParsedModel {
  readonly format: string;
  readonly graph: Graph;
  /** For people: `resnet20, option A`. */
  readonly arch: string;
  /** Why this architecture: one sentence each. */
  readonly evidence: readonly string[];
  /** From the file; null where it has none. */
  readonly preprocessing: Preprocessing | null;
  /** Everything that was stripped, chosen, assumed or ignored. */
  readonly warnings: readonly Warning[];
  readonly ignoredKeys: readonly string[];
}

/** What a weights-only file holds, before an architecture gives it meaning. */
export interface NamedTensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
  readonly ignoredKeys: readonly string[];
  /** Names inside the file (of an archive's folder) that may tell what it is. */
  readonly hints?: readonly string[];
}

export interface Format {
  readonly name: string;
  /** Whether the bytes begin like this format; never throws. */
  matches(bytes: Uint8Array): boolean;
  /** @throws RespikeError (exit 3) with every problem of the file */
  parse(bytes: Uint8Array, options: ModelOptions): ParsedModel;
}
