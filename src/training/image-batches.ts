/**
 * Batches as the engine takes them: augmented, preprocessed images and smoothed targets.
 *
 * Knows: pixels, labels, preprocessing. May not know: the engine, networks.
 */
import type { ImageSet } from "../datasets/dataset.js";
import { type Preprocessing, preprocessPixels } from "../graph/preprocessing.js";
import { type Augmentation, augmentImage } from "./augment-images.js";

/** Preprocessed images [N,C,H,W] as they are; places of a batch beyond the last index stay 0. */
export function takeImages(
  set: ImageSet,
  indices: Uint32Array,
  batch: number,
  preprocessing: Preprocessing,
): Float32Array {
  const size = set.shape[0] * set.shape[1] * set.shape[2];
  const result = new Float32Array(batch * size);
  for (const [at, index] of indices.entries()) {
    const pixels = set.pixels.subarray(index * size, (index + 1) * size);
    result.set(preprocessPixels(pixels, set.shape[0], set.shape[1] * set.shape[2], preprocessing), at * size);
  }
  return result;
}

/** Augmented, then preprocessed images [N,C,H,W]. */
export function takeAugmented(
  set: ImageSet,
  indices: Uint32Array,
  augmentation: Augmentation,
  preprocessing: Preprocessing,
  moment: { readonly seed: number; readonly epoch: number },
): Float32Array {
  const [channels, height, width] = set.shape;
  const size = channels * height * width;
  const changed = new Float32Array(indices.length * size);
  for (const [at, index] of indices.entries()) {
    const place = changed.subarray(at * size, (at + 1) * size);
    augmentImage(set.pixels, set.shape, index, augmentation, moment, place);
  }
  const isBytes = set.pixels instanceof Uint8Array && preprocessing.range === "0..1";
  if (isBytes) for (let at = 0; at < changed.length; at++) changed[at] = (changed[at] as number) / 255;
  return preprocessPixels(changed, channels, height * width, preprocessing);
}

/** Targets [N,classes]: 1 − s at the label, and s spread evenly over all classes (Szegedy et al. 2016). */
export function makeTargets(
  labels: Int32Array,
  indices: Uint32Array,
  classes: number,
  smoothing: number,
): Float32Array {
  const targets = new Float32Array(indices.length * classes).fill(smoothing / classes);
  for (const [at, index] of indices.entries()) {
    const place = at * classes + (labels[index] as number);
    targets[place] = (targets[place] as number) + 1 - smoothing;
  }
  return targets;
}

/** How many of the first images have their label's logit as the largest (the first, where several are). */
export function countCorrect(
  logits: Float32Array,
  labels: Int32Array,
  indices: Uint32Array,
  classes: number,
): number {
  let correct = 0;
  for (const [at, index] of indices.entries()) {
    const row = logits.subarray(at * classes, (at + 1) * classes);
    if (row.indexOf(Math.max(...row)) === labels[index]) correct++;
  }
  return correct;
}
