/**
 * Operations of pixels that spike (`--input poisson`): their spikes × fan-out, as of any neuron.
 *
 * Knows: how pixels are drawn. May not know: layers, which have spikes of their own.
 */
import { drawPixelSpike } from "../simulator/image-input.js";
import type { OperationTables } from "./operation-tables.js";

/** Σ over images up to an observed time. */
export interface PixelOperations {
  readonly structural: number;
  readonly effective: number;
  /** Of the effective ones, those that end at outputs. */
  readonly readout: number;
}

export interface PixelRequest {
  /** The image's source in the tables. */
  readonly input: string;
  /** Preprocessed [n,C,H,W]. */
  readonly images: Float32Array;
  readonly seed: number;
  /** Places of the images in their data set. */
  readonly indices: readonly number[];
  /** Observed times, ascending. */
  readonly at: readonly number[];
  /** With early exit the last step of each image. */
  readonly exitSteps?: ArrayLike<number> | undefined;
}

/** One an observed time. */
export function countPixelOperations(
  { structural, effective, readout }: OperationTables,
  { input, images, seed, indices, at, exitSteps }: PixelRequest,
): readonly PixelOperations[] {
  const [all, kept, last] = [structural, effective, readout].map((fanOuts) => fanOuts.get(input));
  const size = images.length / indices.length;
  const sums = at.map(() => ({ structural: 0, effective: 0, readout: 0 }));
  for (const [image, index] of indices.entries()) {
    const end = exitSteps?.[image] ?? Number.POSITIVE_INFINITY;
    for (let pixel = 0; pixel < size; pixel++) {
      const x = images[image * size + pixel] as number;
      let [spikes, t] = [0, 0];
      for (const [snapshot, time] of at.entries()) {
        for (; t < Math.min(time, end); t++) if (drawPixelSpike(x, seed, index, pixel, t + 1)) spikes++;
        const sum = sums[snapshot] as (typeof sums)[number];
        sum.structural += spikes * (all?.[pixel] ?? 0);
        sum.effective += spikes * (kept?.[pixel] ?? 0);
        sum.readout += spikes * (last?.[pixel] ?? 0);
      }
    }
  }
  return sums;
}
