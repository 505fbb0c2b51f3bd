/**
 * Images a second of the dense backend and of onnxruntime-node, one thread each, in one run.
 *
 * `node dist-dev/bench/inference-against-onnxruntime.js [MODEL]`, MODEL ../shared/models/cifar10-resnet20.th
 * unless given. onnxruntime runs batches of 1, 16 and 64, and its best counts; rounds of both
 * alternate, so that a busy machine slows both, and each side's best round counts.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import { randomBytes } from "#src/core/counter-random.js";
import { countElements } from "#src/core/tensor.js";
import { parseModel } from "#src/formats/parse-model.js";
import type { Graph } from "#src/graph/graph.js";
import { preprocessingPresets, preprocessPixels } from "#src/graph/preprocessing.js";
import { compareValues } from "#src/inference/compare-values.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { lowerToOnnx } from "#src/inference/lower-to-onnx.js";

const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");
const model = process.argv[2] ?? join(repository, "../shared/models/cifar10-resnet20.th");
const images = 128;
const rounds = 8;

/** One side of the race: all images once, giving the outputs. */
interface Runner {
  readonly name: string;
  run(): Promise<Float32Array>;
}

async function denseRunner(graph: Graph, x: Float32Array): Promise<Runner> {
  const network = await denseBackend.prepare(graph);
  const { id } = graph.output;
  return {
    name: "respike dense (WebAssembly)",
    run: async () => network.run(x, images, [id]).get(id) ?? new Float32Array(0),
  };
}

async function onnxRunner(graph: Graph, x: Float32Array, batch: number): Promise<Runner> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await ort.InferenceSession.create(lowerToOnnx(graph), options);
  const { shape } = graph.input.attributes;
  const size = countElements(shape);
  return {
    name: `onnxruntime-node, batch ${batch}`,
    async run() {
      const parts: number[] = [];
      for (let at = 0; at < images; at += batch) {
        const part = new ort.Tensor("float32", x.subarray(at * size, (at + batch) * size), [batch, ...shape]);
        const results = await session.run({ [graph.input.id]: part });
        parts.push(...((results[graph.output.id]?.data ?? []) as Float32Array));
      }
      return Float32Array.from(parts);
    },
  };
}

async function secondsOf(runner: Runner): Promise<number> {
  const start = performance.now();
  await runner.run();
  return (performance.now() - start) / 1000;
}

const { graph, arch } = parseModel(readFileSync(model), { fileName: model });
const preprocessing = preprocessingPresets.imagenet;
if (preprocessing === undefined) throw new Error("the preset imagenet is gone");
const [channels, height, width] = graph.input.attributes.shape;
const pixels = randomBytes(images * channels * height * width, 1);
const x = preprocessPixels(pixels, channels, height * width, preprocessing);
const dense = await denseRunner(graph, x);
const peers = await Promise.all([1, 16, 64].map((batch) => onnxRunner(graph, x, batch)));
const runners = [dense, ...peers];
const first = await Promise.all(runners.map((runner) => runner.run()));
const best = new Map(runners.map((runner) => [runner, Number.POSITIVE_INFINITY]));
for (let round = 0; round < rounds; round++) {
  for (const runner of runners) best.set(runner, Math.min(best.get(runner) ?? 0, await secondsOf(runner)));
}
console.log(`${arch}, ${images} images, one thread, best of ${rounds} rounds`);
for (const runner of runners) {
  const seconds = best.get(runner) ?? 0;
  const perSecond = (images / seconds).toFixed(0).padStart(6);
  console.log(
    `${runner.name.padEnd(30)} ${perSecond} images/s  ${((1000 * seconds) / images).toFixed(3)} ms/image`,
  );
}
const fastest = Math.min(...peers.map((peer) => best.get(peer) ?? Number.POSITIVE_INFINITY));
const ratio = fastest / (best.get(dense) ?? Number.NaN);
const [ours, theirs] = first;
if (ours !== undefined && theirs !== undefined) {
  console.log(
    `largest difference of the outputs ${compareValues(theirs, ours, images).maxRelDiff.toExponential(1)}`,
  );
}
console.log(`ratio ${ratio.toFixed(3)} of onnxruntime's best (goal: at least 0.25)`);
