/**
 * A trained network from the bytes of its file, with its preprocessing resolved.
 *
 * Knows: model formats, preprocessing rules. May not know: files, conversion.
 */
import type { Warning } from "../core/respike-error.js";
import { hashBytes } from "../core/sha256.js";
import type { Graph } from "../graph/graph.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import { type PreprocessingOptions, resolvePreprocessing } from "../graph/resolve-preprocessing.js";
import type { ShortcutKind } from "./format.js";
import { parseModel } from "./parse-model.js";

/** A trained ReLU network, ready to be inspected or converted. */
export interface Model {
  readonly kind: "model";
  /** File name without folders. */
  readonly name: string;
  readonly format: string;
  /** Of the file's bytes. */
  readonly sha256: string;
  readonly arch: string;
  /** Why this architecture, one sentence each. */
  readonly evidence: readonly string[];
  /** The float network, batch norms and all. */
  readonly graph: Graph;
  /** Null where neither the file nor the options say anything. */
  readonly preprocessing: Preprocessing | null;
  readonly warnings: readonly Warning[];
  readonly ignoredKeys: readonly string[];
}

/** The command line's flags `--arch --shortcut --bn-eps --preprocess --mean --std --range`. */
export interface LoadModelOptions extends PreprocessingOptions {
  readonly arch?: string | undefined;
  readonly shortcut?: ShortcutKind | undefined;
  readonly bnEps?: number | undefined;
  /** Names the model where the source is bytes. */
  readonly name?: string | undefined;
}

/**
 * @param bytes of the file, read only, not kept
 * @param name of the file, without folders
 * @throws RespikeError (exit 3) with every problem of the file at once
 */
export function readModel(bytes: Uint8Array, name: string, options: LoadModelOptions): Model {
  const parsed = parseModel(bytes, {
    arch: options.arch,
    shortcut: options.shortcut,
    bnEpsilon: options.bnEps,
    fileName: name,
  });
  const [channels] = parsed.graph.input.attributes.shape;
  return {
    kind: "model",
    name,
    format: parsed.format,
    sha256: hashBytes(bytes),
    arch: parsed.arch,
    evidence: parsed.evidence,
    graph: parsed.graph,
    preprocessing: resolvePreprocessing(parsed.preprocessing, options, channels),
    warnings: parsed.warnings,
    ignoredKeys: parsed.ignoredKeys,
  };
}
