/**
 * Preprocessed images as the tasks of a job, a batch each.
 *
 * Knows: the shape of a task. May not know: what is done with the images.
 */
import { describeImages } from "../core/describe-images.js";

export interface ImageBatch {
  /** Preprocessed [n,C,H,W], owned by whoever gets the task. */
  readonly images: Float32Array;
  readonly n: number;
}

/**
 * The part of a job that hands out images.
 *
 * @param images preprocessed, read only
 * @param size elements of an image
 */
export function shareImages(images: Float32Array, size: number, batch: number) {
  return {
    tasks: cutBatches(images, size, batch),
    describe: ({ n }: ImageBatch, number: number) =>
      describeImages(Array.from({ length: n }, (_, i) => number * batch + i)),
    transfer: (task: ImageBatch) => [task.images.buffer as ArrayBuffer],
  };
}

function* cutBatches(images: Float32Array, size: number, batch: number): Generator<ImageBatch> {
  const n = images.length / size;
  for (let from = 0; from < n; from += batch) {
    const to = Math.min(n, from + batch);
    yield { images: images.slice(from * size, to * size), n: to - from };
  }
}
