/**
 * What a conversion asks of a simulator, answered with the images that it reads.
 *
 * Knows: training images, a runner. May not know: how compensation searches.
 */

import type { Simulation } from "../conversion/simulation.js";
import type { LongCallOptions } from "../core/progress.js";
import { shareMemory } from "../core/share-memory.js";
import type { TaskRunner } from "../core/task-runner.js";
import { gatherImages, type ImageSet } from "../datasets/dataset.js";
import type { Readout } from "../graph/node-types.js";
import { type Preprocessing, preprocessPixels } from "../graph/preprocessing.js";
import { compareSpikes } from "./compare-spikes.js";
import { replayLayer } from "./replay-layer.js";
import { simulateImages } from "./simulate-images.js";

export interface CalibrationSimulationOptions extends Pick<LongCallOptions, "signal"> {
  readonly readout: Readout;
  readonly delay: number;
  readonly wasmUrl?: URL | undefined;
}

/** @param train the images that indices count in */
export function makeSimulation(
  train: ImageSet,
  preprocessing: Preprocessing,
  runner: TaskRunner,
  { readout, delay, signal, wasmUrl }: CalibrationSimulationOptions,
): Simulation {
  const [channels, height, width] = train.shape;
  let last: { readonly indices: Uint32Array; readonly images: Float32Array } | undefined;
  // Layer after layer looks at the same images.
  const read = (indices: Uint32Array): Float32Array => {
    if (last?.indices !== indices) {
      const pixels = gatherImages(train, indices);
      const images = preprocessPixels(pixels, channels, height * width, preprocessing);
      last = { indices, images: shareMemory(images) };
    }
    return last.images;
  };
  return {
    predict: (snn, indices, steps, isEnough) =>
      simulateImages(snn, read(indices), runner, { steps, readout, delay, isEnough, signal, wasmUrl }),
    replayLayer: (snn, layer, given, indices, steps, delay) =>
      replayLayer(snn, read(indices), runner, { layer, given, steps, delay, signal, wasmUrl }),
    async compare(one, other, indices, steps, onProgress) {
      const options = { steps, readout, delay, signal, wasmUrl };
      const { predictions, difference, spikes } = await compareSpikes(one, other, read(indices), runner, {
        ...options,
        onProgress: ({ done }) => onProgress(done),
      });
      const [first, second] = predictions;
      const countWhere = (is: (image: number) => boolean) =>
        first.reduce((sum, _, image) => sum + Number(is(image)), 0);
      const labelOf = (image: number) => train.labels[indices[image] as number];
      return {
        changedPredictions: countWhere((image) => first[image] !== second[image]),
        difference,
        spikes,
        correct: [
          countWhere((image) => first[image] === labelOf(image)),
          countWhere((image) => second[image] === labelOf(image)),
        ],
      };
    },
  };
}
