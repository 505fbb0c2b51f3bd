/**
 * Spiking networks to and from files.
 *
 * Knows: the saved form. May not know: conversion, simulation.
 */
import { hashBytes } from "../core/sha256.js";
import { decodeSnn } from "../formats/snn/decode-snn.js";
import { encodeSnn } from "../formats/snn/encode-snn.js";
import type { Snn } from "../graph/snn.js";
import { writeWholeFile } from "../node/write-whole-file.js";
import { nameSource, readSource, type Source } from "./read-source.js";

/** A written file. */
export interface SavedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Reads a spiking network (`.snn.safetensors`, docs/snn-format.md).
 *
 * @param source a path, a URL, or the file's bytes (read only, not kept)
 * @throws RespikeError (exit 3) with every problem of the file
 * @example
 * ```ts
 * import { loadSnn } from "respike";
 *
 * const snn = await loadSnn("mnist.snn.safetensors");
 * console.log(snn.layers.length); // 7
 * ```
 */
export async function loadSnn(source: Source): Promise<Snn> {
  return decodeSnn(await readSource(source), nameSource(source));
}

/**
 * Writes a spiking network, whole or not at all; the same network gives the same bytes.
 *
 * @throws RespikeError exit 2 where the file exists and `force` is not set, 5 where it cannot be written
 * @example
 * ```ts
 * import { loadSnn, saveSnn } from "respike";
 *
 * const snn = await loadSnn("mnist.snn.safetensors");
 * const first = await saveSnn(snn, "copy.snn.safetensors", { force: true });
 * const second = await saveSnn(await loadSnn(first.path), "copy-2.snn.safetensors", { force: true });
 * console.log(first.sha256 === second.sha256); // true
 * ```
 */
export async function saveSnn(snn: Snn, path: string, options: { force?: boolean } = {}): Promise<SavedFile> {
  const bytes = encodeSnn(snn);
  await writeWholeFile(path, bytes, { force: options.force ?? false });
  return { path, sha256: hashBytes(bytes), bytes: bytes.length };
}
