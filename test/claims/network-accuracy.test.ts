/** Trained networks classify real images as they were published to; folding batch norm changes nothing. docs/results.md has all 10,000. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PassContext } from "#src/conversion/pass.js";
import { foldBatchNorm } from "#src/conversion/passes/fold-batch-norm.js";
import { predictClass } from "#src/core/predict-class.js";
import type { Graph } from "#src/graph/graph.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { firstIndices } from "../../scripts/measure-support.js";
import { openShared, readImages } from "./open-shared.js";

const n = 60;
/** Images of the first 60 test images that each network gets right. */
const expected: readonly [file: string, right: number][] = [
  ["cifar10-resnet20.th", 56],
  ["cifar10-plainnet20.pth", 52],
  ["cifar10-avgresnet20.pth", 56],
  ["cifar100-resnet32.safetensors", 42],
];

async function predict(graph: Graph, images: Float32Array): Promise<number[]> {
  const network = await denseBackend.prepare(graph);
  const { id } = graph.output;
  const logits = network.run(images, n, [id]).get(id) as Float32Array;
  network.free();
  const classes = logits.length / n;
  return Array.from({ length: n }, (_, image) =>
    predictClass(logits.subarray(image * classes, (image + 1) * classes)),
  );
}

for (const [file, right] of expected) {
  test(`${file}: ${right} of the first ${n} test images, before and after folding`, async (t) => {
    const shared = await openShared(t, file);
    if (shared === undefined) return;
    const { test: images } = shared.splits;
    const values = readImages(shared, images, firstIndices(n));
    const before = await predict(shared.graph, values);
    assert.equal(before.filter((label, image) => label === images.labels[image]).length, right);
    const folded = foldBatchNorm.run(shared.graph, {} as PassContext);
    assert.ok(!folded.nodes.some(({ op }) => op === "batch-norm"));
    assert.deepEqual(await predict(folded, values), before);
  });
}
