/**
 * What a conversion asks of a simulator; who runs it, on which threads, is the caller's choice.
 *
 * Knows: names. May not know: backends (the simulator room stands behind this interface).
 */
import type { Snn } from "../graph/snn.js";

export interface Simulation {
  /**
   * Predictions of the SNN's own readout after `steps`, and each layer's largest |N|/T over the images.
   *
   * @param isEnough asked after each few images with the predictions so far, −1 of images not simulated yet: once it says
   * yes no more are begun, and the images simulated are the first of `imageIndices`
   */
  predict(
    snn: Snn,
    imageIndices: Uint32Array,
    steps: number,
    isEnough?: (predictions: Int32Array) => boolean,
  ): Promise<Predicted>;
  /**
   * Counts and spikes of one layer, those before it simulated up to the ones that are `given`, which send what they sent.
   *
   * @param snn ends at the layer (truncate-snn.ts)
   * @param given layers of `snn`, on the same images and for as many steps
   * @param delay steps at the beginning that `late` leaves out, 0…steps − 1
   */
  replayLayer(
    snn: Snn,
    layer: string,
    given: ReadonlyMap<string, SpikeTrain>,
    imageIndices: Uint32Array,
    steps: number,
    delay: number,
  ): Promise<LayerRun>;
  /** Two networks of the same neurons on the same images. */
  compare(
    one: Snn,
    other: Snn,
    imageIndices: Uint32Array,
    steps: number,
    onProgress: (done: number) => void,
  ): Promise<SpikeComparison>;
}

export interface Predicted {
  /** Class of each image at T; −1 of images that were not simulated. */
  readonly predictions: Int32Array;
  /** The readout at T, [n,classes]; 0 of images that were not simulated. */
  readonly outputs: Float64Array;
  /** Layer → its largest |N|/T over the images. */
  readonly maxRates: ReadonlyMap<string, number>;
}

/** All that a layer sent on some images, a piece for a few of them, in the form of the simulator that gave it. */
export type SpikeTrain = readonly Uint16Array[];

export interface LayerRun {
  /** After all steps, [n,C,H,W]. */
  readonly counts: Int32Array;
  /** Of the steps after the delay, laid out as `counts`; the same array where it is 0. */
  readonly late: Int32Array;
  readonly sent: SpikeTrain;
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
