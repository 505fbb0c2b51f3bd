/**
 * Trains the MNIST ResNet-8 that respike ships with, and writes it to networks/.
 *
 *   node dist-dev/scripts/train-mnist.js [--epochs N] [--seed N] [--threads N] [--out FILE]
 *                                        [--activation relu|clip|qcfs:L] [--ceiling C] [--warm-up EPOCHS]
 *                                        [--checkpoint FILE] [--cache DIR] [--from DIR|FILE|URL]
 *
 * After each epoch it writes its checkpoint; called again with the same arguments, it goes on
 * from there. The epoch is chosen on the last 5,000 training images; the test images are
 * looked at once, when the network is finished. See docs/training.md.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import { parseArgs } from "node:util";
import { RespikeError } from "#src/core/respike-error.js";
import { hashBytes, stableJson } from "#src/core/sha256.js";
import { float32Tensor } from "#src/core/tensor.js";
import { openDataset } from "#src/datasets/open-dataset.js";
import { encodeSafetensors } from "#src/formats/safetensors/encode-safetensors.js";
import type { Graph } from "#src/graph/graph.js";
import { type Preprocessing, preprocessingPresets } from "#src/graph/preprocessing.js";
import { addCeilings, initialCeiling, parseActivation } from "#src/training/activations.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "#src/training/checkpoint.js";
import { listState } from "#src/training/network-state.js";
import {
  countTrainedValues,
  measureAccuracy,
  type TrainingOptions,
  trainNetwork,
} from "#src/training/train-network.js";

const { values: flags } = parseArgs({
  options: {
    epochs: { type: "string", default: "16" },
    "warm-up": { type: "string", default: "1" },
    activation: { type: "string", default: "relu" },
    ceiling: { type: "string", default: String(initialCeiling) },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: "1" },
    out: { type: "string", default: "networks/mnist-resnet8.safetensors" },
    checkpoint: { type: "string", default: "local/mnist-resnet8.checkpoint" },
    cache: { type: "string", default: process.env.RESPIKE_CACHE ?? "local/cache" },
    from: { type: "string" },
  },
});

const seed = readCount("seed");
const threads = readCount("threads");
const epochs = readCount("epochs");
const activation = parseActivation(flags.activation);
const judgedCount = 5000;
const model = {
  arch: "resnet8",
  shortcut: "P",
  preprocessing: preprocessingPresets.mnist as Preprocessing,
  bnEpsilon: 1e-5,
  inputSize: [28, 28],
  ...(activation.kind === "relu" ? {} : { activation }),
} as const;
const recipe = {
  schedule: { kind: "cosine", peak: 0.1, last: 0, warmUp: Number(flags["warm-up"]), epochs },
  batch: 128,
  momentum: 0.9,
  weightDecay: 5e-4,
  smoothing: 0,
  augmentation: { pad: 2, flip: false, rotate: 10, zoom: 0.1 },
  ...(activation.kind === "relu" ? {} : { activation, ceiling: Number(flags.ceiling) }),
} as const;

try {
  await trainMnist();
} catch (error) {
  if (!(error instanceof RespikeError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}

async function trainMnist(): Promise<void> {
  const dataset = await openDataset("mnist", { cacheDir: flags.cache, from: flags.from });
  const { train, test } = dataset.splits;
  const network = buildResnet({
    input: dataset.shape,
    classes: dataset.classes,
    blocks: 1,
    width: 16,
    shortcut: model.shortcut,
    batchNormEpsilon: model.bnEpsilon,
    seed,
  });
  const graph = addCeilings(network, activation, Number(flags.ceiling));
  const plan = stableJson({ ...recipe, seed, threads });
  const file = flags.checkpoint;
  const options: TrainingOptions = {
    ...recipe,
    preprocessing: model.preprocessing,
    seed,
    threads,
    trained: range(0, train.n - judgedCount),
    judged: range(train.n - judgedCount, train.n),
    checkpoint: existsSync(file) ? decodeCheckpoint(readFileSync(file), file, plan) : undefined,
    onEpoch: (checkpoint) => {
      writeWhole(file, encodeCheckpoint(checkpoint, plan));
      console.log(new Date().toISOString(), JSON.stringify(checkpoint.history.at(-1)));
    },
  };
  const result = await trainNetwork(graph, train, options);
  const everyTest = { ...options, judged: range(0, test.n) };
  const testAccuracy = await measureAccuracy(graph, test, result.best, everyTest);
  writeNetwork(graph, result, testAccuracy);
  console.log(`best epoch ${result.bestEpoch}, test accuracy ${(100 * testAccuracy).toFixed(2)} %`);
}

function writeNetwork(graph: Graph, result: Checkpoint, testAccuracy: number): void {
  const tensors = new Map(
    listState(graph).map(({ name, shape }) => [
      name,
      float32Tensor(shape, result.best.get(name) ?? new Float32Array()),
    ]),
  );
  const bytes = encodeSafetensors(tensors, { respike: JSON.stringify(model) });
  const origin = describeOrigin(result, testAccuracy, hashBytes(bytes), countTrainedValues(graph));
  writeWhole(flags.out, bytes);
  writeWhole(flags.out.replace(/\.safetensors$/, ".provenance.json"), `${JSON.stringify(origin, null, 2)}\n`);
}

function describeOrigin(result: Checkpoint, testAccuracy: number, sha256: string, trainedValues: number) {
  const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json");
  const { rotate, zoom, pad } = recipe.augmentation;
  return {
    file: basename(flags.out),
    sha256,
    testAccuracy,
    testImages: 10_000,
    model,
    trainedValues,
    command: `node dist-dev/scripts/train-mnist.js --epochs ${epochs} --seed ${seed} --threads ${threads}${activation.kind === "relu" ? "" : ` --activation ${flags.activation}`}`,
    engine: `onnxruntime-node ${version}`,
    data: {
      name: "mnist",
      trained: "training images 1 to 55,000",
      judged: "training images 55,001 to 60,000, which choose the epoch",
      test: "all 10,000 test images, looked at once",
    },
    recipe: {
      loss: "softmax cross-entropy",
      optimiser: "SGD",
      ...recipe,
      augmentation: `shift ±${pad} px, rotation ±${rotate}°, size ±${100 * zoom} %, not mirrored`,
    },
    seed,
    bestEpoch: result.bestEpoch,
    judgedAccuracy: result.history[result.bestEpoch - 1]?.judgedAccuracy,
    curve: result.history,
  };
}

function readCount(flag: "epochs" | "seed" | "threads"): number {
  const value = Number(flags[flag]);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw new RangeError(`--${flag} is a whole number, not ${flags[flag]}`);
}

function range(start: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - start }, (_, at) => start + at);
}

function writeWhole(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}
