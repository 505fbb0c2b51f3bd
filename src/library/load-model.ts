/**
 * A trained network from a file, an address or bytes, with its preprocessing resolved.
 *
 * Knows: model formats, preprocessing rules. May not know: conversion, the command line.
 */
import type { Warning } from "../core/respike-error.js";
import { hashBytes } from "../core/sha256.js";
import type { ShortcutKind } from "../formats/format.js";
import { parseModel } from "../formats/parse-model.js";
import type { Graph } from "../graph/graph.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import { nameSource, readSource, type Source } from "./read-source.js";
import { type PreprocessingOptions, resolvePreprocessing } from "./resolve-preprocessing.js";

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
 * Reads a trained network: a PyTorch checkpoint (zip or legacy) or safetensors.
 *
 * @param source a path, a URL, or the file's bytes (read only, not kept)
 * @throws RespikeError (exit 3) with every problem of the file at once
 * @example
 * ```ts
 * const model = await loadModel("cifar10-resnet20.th", { preprocess: "imagenet" });
 * ```
 */
export async function loadModel(source: Source, options: LoadModelOptions = {}): Promise<Model> {
  const bytes = await readSource(source);
  const name = options.name ?? nameSource(source);
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
