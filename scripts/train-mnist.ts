/**
 * Trains the MNIST ResNet-8 that respike ships with, and writes it to networks/.
 *
 *   node dist-dev/scripts/train-mnist.js [--epochs N] [--seed N] [--threads N] [--out FILE]
 *                                        [--checkpoint FILE] [--cache DIR] [--from DIR|FILE|URL]
 *
 * After each epoch it writes its checkpoint; called again with the same arguments, it goes on
 * from there. The epoch is chosen on the last 5,000 training images; the test images are
 * looked at once, when the network is finished. See docs/training.md.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { openDataset } from "#src/datasets/open-dataset.js";
import { preprocessingPresets } from "#src/graph/preprocessing.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "#src/training/checkpoint.js";
import { measureAccuracy, type TrainingOptions, trainNetwork } from "#src/training/train-network.js";

const { values: flags } = parseArgs({
  options: {
    epochs: { type: "string", default: "16" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: "1" },
    out: { type: "string", default: "networks/mnist-resnet8.safetensors" },
    checkpoint: { type: "string", default: "local/mnist-resnet8.checkpoint" },
    cache: { type: "string", default: process.env.RESPIKE_CACHE ?? "local/cache" },
    from: { type: "string" },
  },
});

const seed = Number(flags.seed);
const preprocessing = preprocessingPresets.mnist ?? { name: "mnist", range: "0..1", mean: [0], std: [1] };
const dataset = await openDataset("mnist", { cacheDir: flags.cache, from: flags.from });
const { train, test } = dataset.splits;
const graph = buildResnet({
  input: dataset.shape,
  classes: dataset.classes,
  blocks: 1,
  width: 16,
  shortcut: "P",
  batchNormEpsilon: 1e-5,
  seed,
});
const recipe = {
  schedule: { kind: "cosine", peak: 0.1, last: 0, warmUp: 1, epochs: Number(flags.epochs) },
  batch: 128,
  momentum: 0.9,
  weightDecay: 5e-4,
  smoothing: 0,
  augmentation: { pad: 2, flip: false, rotate: 10, zoom: 0.1 },
} as const;
const judgedCount = 5000;
const options: TrainingOptions = {
  ...recipe,
  preprocessing,
  seed,
  threads: Number(flags.threads),
  trained: range(0, train.n - judgedCount),
  judged: range(train.n - judgedCount, train.n),
  checkpoint: existsSync(flags.checkpoint) ? decodeCheckpoint(readFileSync(flags.checkpoint)) : undefined,
  onEpoch: (checkpoint) => {
    writeWhole(flags.checkpoint, encodeCheckpoint(checkpoint));
    console.log(new Date().toISOString(), JSON.stringify(checkpoint.history.at(-1)));
  },
};

const result: Checkpoint = await trainNetwork(graph, train, options);
const testAccuracy = await measureAccuracy(graph, test, result.best, {
  ...options,
  judged: range(0, test.n),
});
console.log(`best epoch ${result.bestEpoch}, test accuracy ${(100 * testAccuracy).toFixed(2)} %`);

function range(start: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - start }, (_, at) => start + at);
}

function writeWhole(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}
