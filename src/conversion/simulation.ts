/**
 * What a conversion asks of a simulator; who runs it, on which threads, is the caller's choice.
 *
 * Knows: names. May not know: backends (the simulator room stands behind this interface).
 */
import type { Snn } from "../graph/snn.js";

export interface Simulation {
  /** Predictions of the SNN's own readout after `steps`, and each layer's largest |N|/T over the images. */
  predict(
    snn: Snn,
    imageIndices: Uint32Array,
    steps: number,
  ): Promise<{ readonly predictions: Int32Array; readonly maxRates: ReadonlyMap<string, number> }>;
  /** Spike counts of one layer after `steps`, [n,C,H,W]. */
  countLayer(snn: Snn, layer: string, imageIndices: Uint32Array, steps: number): Promise<Int32Array>;
  /** The same of several layers, from one simulation: layer → [n,C,H,W]. */
  countLayers(
    snn: Snn,
    layers: readonly string[],
    imageIndices: Uint32Array,
    steps: number,
  ): Promise<ReadonlyMap<string, Int32Array>>;
  /** Two networks of the same neurons on the same images. */
  compare(
    one: Snn,
    other: Snn,
    imageIndices: Uint32Array,
    steps: number,
    onProgress: (done: number) => void,
  ): Promise<SpikeComparison>;
}

export interface SpikeComparison {
  /** Images that the two put into different classes. */
  readonly changedPredictions: number;
  /** Σ|ΔN|, and ΣN of the first. */
  readonly difference: number;
  readonly spikes: number;
  /** Images that each puts into its own class. */
  readonly correct: readonly [number, number];
}
