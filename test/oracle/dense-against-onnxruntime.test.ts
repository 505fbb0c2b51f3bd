/** The dense backend against onnxruntime: operator by operator, and on real models. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { randomBytes } from "#src/core/counter-random.js";
import { parseModel } from "#src/formats/parse-model.js";
import type { Graph } from "#src/graph/graph.js";
import { preprocessingPresets, preprocessPixels } from "#src/graph/preprocessing.js";
import { compareValues } from "#src/inference/compare-values.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { normalImages, randomGraphs } from "./random-graphs.js";
import { runOnnx } from "./run-onnx.js";

const seed = Number(process.env.RESPIKE_TEST_SEED ?? 20_261_125);
const repository = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const shared = process.env.RESPIKE_SHARED ?? join(repository, "../shared");

/** Largest relative difference over the nodes in `keep`. */
async function largestDifference(graph: Graph, x: Float32Array, n: number, keep: readonly string[]) {
  const expected = await runOnnx(graph, x, n, keep);
  const network = await denseBackend.prepare(graph);
  const actual = network.run(x, n, keep);
  network.free();
  const differences = keep.map((id) => {
    const { maxRelDiff } = compareValues(
      expected.get(id) ?? new Float32Array(0),
      actual.get(id) ?? new Float32Array(0),
      n,
    );
    return maxRelDiff;
  });
  return Math.max(...differences);
}

/** onnxruntime refuses pooling whose padding is as wide as its window. */
function onnxCanSay(graph: Graph): boolean {
  return graph.nodes.every(
    (node) =>
      node.op !== "pool" ||
      node.attributes.padding.every((side, at) => side < (node.attributes.kernel[at % 2] ?? 0)),
  );
}

test(`dense equals onnxruntime within 3e-6 of the largest value on random graphs (seed ${seed})`, async () => {
  const seen = new Set<string>();
  for (const { graph, operator } of randomGraphs(seed, 5)) {
    if (!onnxCanSay(graph)) continue;
    const keep = graph.nodes.filter(({ op }) => op !== "input").map(({ id }) => id);
    const x = normalImages(seed, 2, graph.input.attributes.shape);
    const difference = await largestDifference(graph, x, 2, keep);
    assert.ok(difference < 3e-6, `seed ${seed}, ${operator}: ${difference}`);
    seen.add(operator.split(" ")[0] ?? "");
  }
  assert.equal(seen.size, 14, [...seen].join());
});

const models = [
  "cifar10-resnet20.th",
  "cifar10-resnet110.safetensors",
  "cifar100-resnet32.safetensors",
  "cifar10-plainnet20.pth",
  "cifar10-avgresnet20.pth",
];

for (const name of models) {
  test(`every relu and the logits of ${name} equal onnxruntime's within 1e-5 of the largest value`, async (t) => {
    const path = join(shared, "models", name);
    if (!existsSync(path)) {
      t.skip(`${name} is not in shared/models`);
      return;
    }
    const { graph } = parseModel(readFileSync(path), { fileName: name });
    const { imagenet } = preprocessingPresets;
    assert.ok(imagenet !== undefined);
    const n = 2;
    const [channels, height, width] = graph.input.attributes.shape;
    const pixels = randomBytes(n * channels * height * width, seed);
    const x = preprocessPixels(pixels, channels, height * width, imagenet);
    const keep = graph.nodes.filter(({ op }) => op === "relu").map(({ id }) => id);
    const difference = await largestDifference(graph, x, n, [...keep, graph.output.id]);
    assert.ok(difference < 1e-5, `${difference}`);
    t.diagnostic(`largest difference ${difference.toExponential(1)}`);
  });
}
