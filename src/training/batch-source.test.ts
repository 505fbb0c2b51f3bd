/** What batches hold, whose they are, what plans are refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RespikeError } from "../core/respike-error.js";
import type { ImageSet } from "../datasets/dataset.js";
import { preprocessPixels } from "../graph/preprocessing.js";
import { noAugmentation } from "./augment-images.js";
import { type BatchPlan, openBatchSource } from "./batch-source.js";

const images: ImageSet = {
  n: 12,
  shape: [2, 3, 4],
  pixels: Uint8Array.from({ length: 12 * 24 }, (_, at) => (at * 37) & 255),
  labels: Int32Array.from({ length: 12 }, (_, at) => at % 3),
};
const plan: BatchPlan = {
  trained: Uint32Array.of(1, 2, 3, 5, 7, 8, 11),
  batch: 3,
  seed: 9,
  augmentation: noAugmentation,
  preprocessing: { name: "flags", range: "0..1", mean: [0.3, 0.6], std: [0.2, 0.4] },
  smoothing: 0.3,
  classes: 3,
};

test("an epoch has each trained image once, whole batches only, in an order of its own", async () => {
  const source = await openBatchSource(images, plan);
  assert.equal(source.stepsPerEpoch, 2);
  const orders = [];
  for (let epoch = 0; epoch < 20; epoch++) {
    const order = [...(await source.take(epoch, 0)).indices, ...(await source.take(epoch, 1)).indices];
    assert.equal(new Set(order).size, 6);
    assert.ok(order.every((index) => plan.trained.includes(index)));
    orders.push(String(order));
  }
  assert.ok(new Set(orders).size >= 18, `${new Set(orders).size} orders`);
  await source.release();
});

test("pixels are the preprocessed images to the bit, targets are smoothed", async () => {
  const source = await openBatchSource(images, plan);
  const { pixels, targets, indices } = await source.take(3, 1);
  const prepared = preprocessPixels(images.pixels, 2, 12, plan.preprocessing);
  for (const [at, index] of indices.entries()) {
    assert.deepEqual(pixels.subarray(at * 24, at * 24 + 24), prepared.subarray(index * 24, index * 24 + 24));
    const expected = [0, 1, 2].map((k) => Math.fround(0.1 + (k === index % 3 ? 0.7 : 0)));
    assert.deepEqual([...targets.subarray(at * 3, at * 3 + 3)], expected);
  }
  await source.release();
});

test("float images get the same pixels as bytes within 1e-6, changed or not", async () => {
  const floats = { ...images, pixels: Float32Array.from(images.pixels, (byte) => byte / 255) };
  for (const augmentation of [noAugmentation, { pad: 2, flip: true, rotate: 20, zoom: 0.2 }]) {
    const [bytes, other] = [
      await openBatchSource(images, { ...plan, augmentation }),
      await openBatchSource(floats, { ...plan, augmentation }),
    ];
    const [one, two] = [await bytes.take(0, 0), await other.take(0, 0)];
    for (const [at, value] of one.pixels.entries()) {
      assert.ok(Math.abs(value - (two.pixels[at] as number)) < 1e-6 * Math.max(1, Math.abs(value)));
    }
  }
});

test("a step that there is not, and one after release, are range errors", async () => {
  const source = await openBatchSource(images, plan);
  for (const [epoch, step] of [
    [0, 2],
    [0, -1],
    [-1, 0],
    [0.5, 0],
    [0, Number.NaN],
  ] as const) {
    await assert.rejects(source.take(epoch, step), RangeError);
  }
  await source.release();
  await assert.rejects(source.take(0, 0), /after release/);
});

const refused: Readonly<Record<string, readonly [Partial<BatchPlan>, RegExp]>> = {
  "a batch of 0": [{ batch: 0 }, /batch: 0/],
  "a batch larger than the images": [{ batch: 8 }, /at most the 7 images/],
  "an index beyond the images": [{ trained: Uint32Array.of(0, 1, 12) }, /trained: 12/],
  "a label beyond the classes": [{ classes: 2 }, /image 2: 2/],
  "a smoothing of 1": [{ smoothing: 1 }, /smoothing: 1/],
  "a pad as wide as the image": [{ augmentation: { ...noAugmentation, pad: 3 } }, /pad: 3/],
  "a size down to 0": [{ augmentation: { ...noAugmentation, zoom: 1 } }, /zoom: 1/],
  "an angle that is none": [{ augmentation: { ...noAugmentation, rotate: Number.NaN } }, /rotate: NaN/],
  "a deviation of 0": [{ preprocessing: { ...plan.preprocessing, std: [0] } }, /preprocessing.std: 0/],
  "means of three channels": [
    { preprocessing: { ...plan.preprocessing, mean: [0, 0, 0] } },
    /1 or 2 numbers/,
  ],
};
for (const [name, [change, message]] of Object.entries(refused)) {
  test(`${name} is refused with exit 2`, async () => {
    await assert.rejects(openBatchSource(images, { ...plan, ...change }), (error) => {
      assert.ok(error instanceof RespikeError);
      assert.equal(error.exitCode, 2);
      assert.match(error.message, message);
      return true;
    });
  });
}
