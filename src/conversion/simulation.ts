/**
 * What compensation asks of a simulator; who runs it, on which threads, is the caller's choice.
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
}
