/**
 * Batches as the engine takes them: augmented, preprocessed images and smoothed targets.
 *
 * Knows: pixels, labels, preprocessing. May not know: threads, the engine, networks.
 *
 * A batch is a function of the plan, the epoch and the step: whoever makes it makes the same bits.
 */
import { randomPermutation, randomWord } from "../core/counter-random.js";
import type { ImageSet } from "../datasets/dataset.js";
import type { Preprocessing } from "../graph/preprocessing.js";
import {
  type Augmentation,
  drawChange,
  moveImage,
  movesWholePixels,
  noAugmentation,
  resampleImage,
} from "./augment-images.js";
import { makePixelScale, type PixelScale } from "./standardise-pixels.js";

/** What an epoch's batches hold. */
export interface BatchPlan {
  /** Indices of the images that are trained on; each epoch takes them in an order of its own. */
  readonly trained: Uint32Array;
  /** N */
  readonly batch: number;
  readonly seed: number;
  readonly augmentation: Augmentation;
  readonly preprocessing: Preprocessing;
  /** Share of the target that is spread over all classes, 0 to 1. */
  readonly smoothing: number;
  readonly classes: number;
}

/** One batch's arrays, row-major. */
export interface Batch {
  /** [N,C,H,W]: augmented, then preprocessed. */
  readonly pixels: Float32Array;
  /** [N,classes], each row summing to 1: 1 − s at the label and s spread evenly over all classes. */
  readonly targets: Float32Array;
  /** [N]: the images' indices in the data set, all from `trained`. */
  readonly indices: Uint32Array;
}

/** ⌊trained/N⌋: a last batch that is not full is left out of its epoch. */
export function countSteps({ trained, batch }: BatchPlan): number {
  return Math.floor(trained.length / batch);
}

/** @throws RangeError for a step that there is not */
export function checkStep(epoch: number, step: number, stepsPerEpoch: number): void {
  const isThere = Number.isInteger(epoch) && epoch >= 0 && Number.isInteger(step) && step >= 0;
  if (!isThere || step >= stepsPerEpoch) {
    throw new RangeError(`epoch ${epoch}, step ${step}: an epoch has steps 0 to ${stepsPerEpoch - 1}`);
  }
}

/** Arrays for one batch. @param isShared whether threads share them */
export function makeBatchArrays({ shape }: ImageSet, { batch, classes }: BatchPlan, isShared = false): Batch {
  const memory = (bytes: number) => (isShared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  return {
    pixels: new Float32Array(memory(4 * batch * shape[0] * shape[1] * shape[2])),
    targets: new Float32Array(memory(4 * batch * classes)),
    indices: new Uint32Array(memory(4 * batch)),
  };
}

/** Makes any batch of a plan; remembers the order of one epoch. */
export class BatchMaker {
  readonly #scale: PixelScale;
  #order: { readonly epoch: number; readonly places: Uint32Array } = { epoch: -1, places: new Uint32Array() };

  /** @param images read only */
  constructor(
    readonly images: ImageSet,
    readonly plan: BatchPlan,
  ) {
    const isBytes = images.pixels instanceof Uint8Array;
    this.#scale = makePixelScale(plan.preprocessing, images.shape[0], isBytes);
  }

  /** Overwrites all of `place`. @param epoch from 0 @param step from 0, within the epoch */
  write(epoch: number, step: number, place: Batch): void {
    const { trained, batch, seed, augmentation, classes, smoothing } = this.plan;
    if (this.#order.epoch !== epoch) {
      this.#order = { epoch, places: randomPermutation(trained.length, randomWord(seed, epoch)) };
    }
    for (let at = 0; at < batch; at++) {
      place.indices[at] = trained[this.#order.places[step * batch + at] as number] as number;
    }
    writeImages(this.images, place.indices, this.#scale, augmentation, { seed, epoch }, place.pixels);
    writeTargets(this.images.labels, place.indices, classes, smoothing, place.targets);
  }
}

function writeImages(
  { pixels, shape }: ImageSet,
  indices: Uint32Array,
  scale: PixelScale,
  augmentation: Augmentation,
  moment: { readonly seed: number; readonly epoch: number },
  result: Float32Array,
): void {
  const size = shape[0] * shape[1] * shape[2];
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    const image = pixels.subarray(index * size, (index + 1) * size);
    const place = result.subarray(at * size, (at + 1) * size);
    const change = drawChange(augmentation, moment, index);
    if (image instanceof Uint8Array && scale.table !== null && movesWholePixels(change)) {
      moveImage(image, shape, change, scale.table, place);
    } else {
      resampleImage(image, shape, change, place);
      scale.standardise(place);
    }
  }
}

/** Targets [N,classes]: 1 − s at the label, and s spread evenly over all classes (Szegedy et al. 2016). */
function writeTargets(
  labels: Int32Array,
  indices: Uint32Array,
  classes: number,
  smoothing: number,
  result: Float32Array,
): void {
  result.fill(smoothing / classes);
  for (let at = 0; at < indices.length; at++) {
    result[at * classes + (labels[indices[at] as number] as number)] = smoothing / classes + 1 - smoothing;
  }
}

/** Preprocessed images [N,C,H,W] as they are; places of a batch beyond the last index stay 0. */
export function takeImages(
  set: ImageSet,
  indices: Uint32Array,
  batch: number,
  preprocessing: Preprocessing,
): Float32Array {
  const [channels, height, width] = set.shape;
  const result = new Float32Array(batch * channels * height * width);
  const scale = makePixelScale(preprocessing, channels, set.pixels instanceof Uint8Array);
  writeImages(set, indices, scale, noAugmentation, { seed: 0, epoch: 0 }, result);
  return result;
}

/** How many of the first images have their label's logit as the largest (the first, where several are). */
export function countCorrect(
  logits: Float32Array,
  labels: Int32Array,
  indices: Uint32Array,
  classes: number,
): number {
  let correct = 0;
  for (let at = 0; at < indices.length; at++) {
    let best = at * classes;
    for (let each = best + 1; each < (at + 1) * classes; each++) {
      if ((logits[each] as number) > (logits[best] as number)) best = each;
    }
    if (best - at * classes === labels[indices[at] as number]) correct++;
  }
  return correct;
}
