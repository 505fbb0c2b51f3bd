/**
 * What a batch of training images costs in the calling thread.
 *
 *   node dist-dev/bench/batch-making.js
 *
 * Made-up bytes; three epochs each, of which the last two are told.
 */
import type { ImageSet } from "#src/datasets/dataset.js";
import type { Shape } from "#src/graph/node-types.js";
import { type Augmentation, noAugmentation } from "#src/training/augment-images.js";
import { openBatchSource } from "#src/training/batch-source.js";

const batch = 128;
const count = 10_000;
const cases: readonly [string, Shape, Augmentation][] = [
  ["3×32×32, pad 4, flip", [3, 32, 32], { ...noAugmentation, pad: 4, flip: true }],
  ["3×32×32, unchanged", [3, 32, 32], noAugmentation],
  ["1×28×28, pad 2, ±10°, ±10 %", [1, 28, 28], { pad: 2, flip: false, rotate: 10, zoom: 0.1 }],
];

for (const [name, shape, augmentation] of cases) {
  const size = shape[0] * shape[1] * shape[2];
  const images: ImageSet = {
    n: count,
    shape,
    pixels: Uint8Array.from({ length: count * size }, (_, at) => (at * 7919) & 255),
    labels: new Int32Array(count),
  };
  const source = await openBatchSource(images, {
    trained: Uint32Array.from({ length: count }, (_, at) => at),
    batch,
    seed: 1,
    augmentation,
    preprocessing: { name: "flags", range: "0..1", mean: [0.5], std: [0.25] },
    smoothing: 0,
    classes: 10,
  });
  for (let epoch = 0; epoch < 3; epoch++) {
    const start = performance.now();
    for (let step = 0; step < source.stepsPerEpoch; step++) await source.take(epoch, step);
    const perBatch = (performance.now() - start) / source.stepsPerEpoch;
    if (epoch > 0)
      console.log(
        `${name}: ${((1000 * perBatch) / batch).toFixed(1)} µs an image, ${perBatch.toFixed(2)} ms a batch of ${batch}`,
      );
  }
  await source.release();
}
