/**
 * float32 against int16: spike counts of every neuron and predictions, on the same images.
 *
 *   node dist-dev/scripts/measure-number-formats.js [--model FILE] [--preprocess imagenet] [-T 64] [--n 1000]
 *
 * Prints Σ|ΔN|/ΣN of each layer and of all, the predictions that differ, both accuracies. One thread.
 */
import { parseArgs } from "node:util";
import { predictClass } from "#src/core/predict-class.js";
import type { ImageSet } from "#src/datasets/dataset.js";
import { gatherImages } from "#src/datasets/dataset.js";
import { pairedInterval } from "#src/evaluation/paired-interval.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import { convert } from "#src/library/convert.js";
import { loadModel } from "#src/library/load-model.js";
import { openData } from "#src/library/open-data.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { firstIndices, markdownTable, modelPath, signed } from "./measure-support.js";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: modelPath("cifar10-resnet20.th") },
    preprocess: { type: "string", default: "imagenet" },
    steps: { type: "string", short: "T", default: "64" },
    n: { type: "string", default: "1000" },
  },
});
const steps = Number(flags.steps);
const n = Number(flags.n);
const formats = ["float32", "int16"] as const;

interface LayerDifference {
  readonly name: string;
  spikes: number;
  difference: number;
}

async function compareFormats(snns: readonly Snn[], images: ImageSet) {
  const simulators = await Promise.all(snns.map((snn) => wasmBackend.prepare(snn)));
  const layers: LayerDifference[] = [];
  const predictions = snns.map(() => new Int32Array(n));
  const batch = 8;
  for (let from = 0; from < n; from += batch) {
    const indices = firstIndices(Math.min(n, from + batch)).subarray(from);
    const results = simulators.map((simulator, which) => {
      const { preprocessing } = snns[which] as Snn;
      const [channels, height, width] = images.shape;
      const values = preprocessPixels(gatherImages(images, indices), channels, height * width, preprocessing);
      return simulator.run({
        images: values,
        n: indices.length,
        steps,
        snapshots: [steps],
        readout: "mean",
        delay: 0,
      });
    });
    const [one, other] = results;
    for (const [at, { name, counts }] of (one?.layers ?? []).entries()) {
      const others = other?.layers[at]?.counts ?? new Int32Array(0);
      layers[at] ??= { name, spikes: 0, difference: 0 };
      const sum = layers[at];
      for (let neuron = 0; neuron < counts.length; neuron++) {
        sum.spikes += counts[neuron] as number;
        sum.difference += Math.abs((counts[neuron] as number) - (others[neuron] as number));
      }
    }
    for (const [which, { outputs }] of results.entries()) {
      const classes = outputs.length / indices.length;
      for (let image = 0; image < indices.length; image++) {
        const own = outputs.subarray(image * classes, (image + 1) * classes);
        (predictions[which] as Int32Array)[from + image] = predictClass(own);
      }
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${from + indices.length} of ${n} images`);
  }
  return { layers, predictions };
}

const model = await loadModel(flags.model, { preprocess: flags.preprocess });
const snns: Snn[] = [];
for (const number of formats) snns.push((await convert(model, { T: steps, number })).snn);
const { test } = (await openData(snns[0]?.options.data as string)).splits;
const { layers, predictions } = await compareFormats(snns, test);

const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;
const sum = (of: (layer: LayerDifference) => number) => layers.reduce((total, layer) => total + of(layer), 0);
const countOf = (value: number) => Math.round(value).toLocaleString("en-US");
const rows = layers.map(({ name, spikes, difference }) => [
  `\`${name}\``,
  countOf(spikes / n),
  share(difference, spikes),
]);
const all = { spikes: sum((layer) => layer.spikes), difference: sum((layer) => layer.difference) };
rows.push(["all", countOf(all.spikes / n), share(all.difference, all.spikes)]);
console.log(markdownTable(["layer", "spikes an image, float32", "Σ\\|ΔN\\|/ΣN"], rows));
const [float32, int16] = predictions as [Int32Array, Int32Array];
const isRight = (found: Int32Array, image: number) => found[image] === test.labels[image];
const count = (is: (image: number) => boolean) => firstIndices(n).filter(is).length;
const differ = count((image) => float32[image] !== int16[image]);
const onlyFloat = count((image) => isRight(float32, image) && !isRight(int16, image));
const onlyInt = count((image) => !isRight(float32, image) && isRight(int16, image));
console.log(`\npredictions that differ: ${differ} of ${n}`);
for (const [which, name] of formats.entries()) {
  console.log(
    `${name}: ${share(
      count((i) => isRight(predictions[which] as Int32Array, i)),
      n,
    )} right`,
  );
}
const interval = pairedInterval(onlyFloat, onlyInt, n).map((bound) => signed(bound));
console.log(`float32 − int16: ${signed((100 * (onlyFloat - onlyInt)) / n)} points [${interval.join(", ")}]`);
