/** A run that is stopped and goes on, with more threads than one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomUnit } from "#src/core/counter-random.js";
import type { ImageSet } from "#src/datasets/dataset.js";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "#src/training/checkpoint.js";
import { type TrainingOptions, trainNetwork } from "#src/training/train-network.js";
import { convNode, inputNode, poolNode, reluNode, withHead } from "./tiny-networks.js";

const trained = 256;
const n = trained + 1000;

/** Much noise, with faint lying stripes, standing ones or none. */
const images: ImageSet = {
  n,
  shape: [1, 8, 8],
  pixels: Uint8Array.from({ length: n * 64 }, (_, at) => {
    const [image, row, column] = [Math.floor(at / 64), Math.floor(at / 8) % 8, at % 8];
    return 155 * randomUnit(6, at) + 100 * ([row % 2, column % 2, 0.5][image % 3] as number);
  }),
  labels: Int32Array.from({ length: n }, (_, image) => image % 3),
};

/** Small, for threads that wait for each other are slow on a busy machine. */
const graph = withHead([
  inputNode([1, 8, 8]),
  convNode("a", "input", [16, 1, 3, 3], { padding: [1, 1, 1, 1] }, true),
  reluNode("r", "a"),
  poolNode("p", "r", [8, 8], [8, 8]),
]);

const options: TrainingOptions = {
  schedule: { kind: "cosine", peak: 0.1, last: 0, warmUp: 1, epochs: 6 },
  ...{ batch: 64, momentum: 0.9, weightDecay: 5e-4, smoothing: 0, seed: 5, threads: 2 },
  augmentation: { pad: 2, flip: true, rotate: 0, zoom: 0 },
  preprocessing: { name: "flags", range: "0..1", mean: [0.5], std: [0.3] },
  trained: Uint32Array.from({ length: trained }, (_, at) => at),
  judged: Uint32Array.from({ length: n - trained }, (_, at) => trained + at),
};

/** The checkpoint of a run that is stopped within its second epoch. */
async function stopRun(): Promise<Checkpoint> {
  const controller = new AbortController();
  let kept: Uint8Array | undefined;
  const onCheckpoint = (checkpoint: Checkpoint) => {
    kept = encodeCheckpoint(checkpoint, "plan");
    if (checkpoint.history.length === 1) controller.abort(new Error("enough"));
  };
  const call = { ...options, saveEvery: 0, onCheckpoint, signal: controller.signal };
  await assert.rejects(trainNetwork(graph, images, call), /enough/);
  return decodeCheckpoint(kept as Uint8Array, "kept", "plan");
}

test("with two threads, stopped within an epoch and going on, 1,000 held-out images are judged alike after each epoch, within 0.3 points", async () => {
  const whole = await trainNetwork(graph, images, options);
  const accuracies = whole.history.map(({ judgedAccuracy }) => judgedAccuracy);
  assert.ok(Math.max(...accuracies) > 0.6 && Math.max(...accuracies) < 0.995, String(accuracies));
  const checkpoint = await stopRun();
  assert.deepEqual([checkpoint.history.length, checkpoint.position.step], [1, 1]);
  const resumed = await trainNetwork(graph, images, { ...options, checkpoint });
  for (const [at, { judgedAccuracy }] of resumed.history.entries()) {
    const difference = 100 * Math.abs(judgedAccuracy - (accuracies[at] as number));
    assert.ok(difference <= 0.3, `epoch ${at + 1}: ${difference} points`);
  }
});
