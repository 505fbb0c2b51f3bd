/**
 * Counts converge to T·c/λ, c the activations of the network with each ReLU clipped at λ.
 *
 *   node dist-dev/scripts/measure-convergence.js [--model FILE] [--preprocess imagenet] [--n 32]
 *        [--at 64,350] [--number auto] [--calibrate-n 2000] [--largest-n 256]
 *
 * First table: mean |N/T − c/λ| of every layer on the first n test images, at each time; c/λ is the
 * value of the neurons that the dense backend computes for the float32 spiking graph. Second table,
 * `--lambda max` with shortcut normalisation: the largest calibration activation over λ_out, and the
 * largest count on the same calibration images at the last time. One thread.
 */
import { parseArgs } from "node:util";
import { countElements } from "#src/core/tensor.js";
import { gatherImages, type ImageSet } from "#src/datasets/dataset.js";
import { selectCalibration } from "#src/datasets/split-training.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { type ConvertCallOptions, convert } from "#src/library/convert.js";
import { loadModel } from "#src/library/load-model.js";
import { openData } from "#src/library/open-data.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { firstIndices, markdownTable, modelPath } from "./measure-support.js";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: modelPath("cifar10-resnet20.th") },
    preprocess: { type: "string", default: "imagenet" },
    n: { type: "string", default: "32" },
    at: { type: "string", default: "64,350" },
    number: { type: "string", default: "auto" },
    "calibrate-n": { type: "string", default: "2000" },
    "largest-n": { type: "string", default: "256" },
  },
});
const at = flags.at.split(",").map(Number);
const steps = at.at(-1) as number;
const batch = 8;

function readBatch(images: ImageSet, indices: Uint32Array, { preprocessing }: Snn): Float32Array {
  const [channels, height, width] = images.shape;
  return preprocessPixels(gatherImages(images, indices), channels, height * width, preprocessing);
}

/** Counts of each batch of images at the times given, layer by layer. */
async function* simulate(snn: Snn, images: ImageSet, indices: Uint32Array, snapshots: readonly number[]) {
  const simulator = await wasmBackend.prepare(snn);
  for (let from = 0; from < indices.length; from += batch) {
    const some = indices.subarray(from, from + batch);
    const values = readBatch(images, some, snn);
    const request = { images: values, n: some.length, steps, snapshots, readout: "mean", delay: 0 } as const;
    yield { values, n: some.length, layers: simulator.run(request).layers };
    if (process.stderr.isTTY) process.stderr.write(`\r${from + some.length} of ${indices.length} images`);
  }
  simulator.free();
}

/** Layer → mean |N/T − c/λ| at each time. */
async function measureErrors(snn: Snn, limits: Snn, images: ImageSet, n: number) {
  const network = await denseBackend.prepare(limits.graph);
  const names = limits.layers.map(({ name }) => name);
  const sums = new Map(names.map((name) => [name, at.map(() => 0)]));
  for await (const part of simulate(snn, images, firstIndices(n), at)) {
    const rates = network.run(part.values, part.n, names);
    for (const { name, shape, counts } of part.layers) {
      const size = countElements(shape);
      const limit = rates.get(name) as Float32Array;
      const sum = sums.get(name) as number[];
      for (let image = 0; image < part.n; image++) {
        for (const [which, t] of at.entries()) {
          const from = (image * at.length + which) * size;
          for (let neuron = 0; neuron < size; neuron++) {
            const rate = (counts[from + neuron] as number) / t;
            sum[which] = (sum[which] as number) + Math.abs(rate - (limit[image * size + neuron] as number));
          }
        }
      }
    }
  }
  return new Map(
    names.map((name) => {
      const pairs = n * countElements(limits.graph.shape(name));
      return [name, (sums.get(name) as number[]).map((sum) => sum / pairs)] as const;
    }),
  );
}

/** Layer → the largest count at the last time. */
async function findLargest(snn: Snn, images: ImageSet, indices: Uint32Array) {
  const largest = new Map<string, number>();
  for await (const { layers } of simulate(snn, images, indices, [steps])) {
    for (const { name, counts } of layers) {
      largest.set(
        name,
        counts.reduce((most, count) => Math.max(most, count), largest.get(name) ?? 0),
      );
    }
  }
  return largest;
}

const model = await loadModel(flags.model, { preprocess: flags.preprocess });
const options = { T: steps, calibrateN: Number(flags["calibrate-n"]) };
const number = flags.number as "auto" | "int16" | "int32" | "float32";
const { snn } = await convert(model, { ...options, number });
const limits = (await convert(model, { ...options, number: "float32" })).snn;
const { splits } = await openData(snn.options.data as string);

const errors = await measureErrors(snn, limits, splits.test, Number(flags.n));
const rows = [...errors].map(([name, means]) => [
  `\`${name}\``,
  ...means.map((mean) => mean.toFixed(5)),
  ((means[0] as number) / (means.at(-1) as number)).toFixed(2),
]);
console.log(markdownTable(["layer", ...at.map((t) => `T = ${t}`), "shrinks by"], rows));

const n = Number(flags["largest-n"]);
const maximal: ConvertCallOptions = { T: steps, number, lambda: "max", calibrateN: n };
const { snn: clipless, result } = await convert(model, maximal);
const largest = await findLargest(clipless, splits.train, selectCalibration(splits.train.n, n, 0));
const largestRows = result.layers.map(({ name, maxRate }) => {
  const most = largest.get(name) ?? 0;
  return [`\`${name}\``, maxRate.toFixed(6), String(most), String(steps - most)];
});
console.log(
  `\n${markdownTable(["layer", "largest a/λ_out", `largest count, T = ${steps}`, "below T"], largestRows)}`,
);
