/** The network in networks/ is the one that its provenance describes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hashBytes } from "#src/core/sha256.js";
import { parseModel } from "#src/formats/parse-model.js";
import { preprocessingPresets } from "#src/graph/preprocessing.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { readState } from "#src/training/network-state.js";

const folder = new URL("../../../networks/", import.meta.url);
const bytes = new Uint8Array(readFileSync(new URL("mnist-resnet8.safetensors", folder)));
const provenance = JSON.parse(readFileSync(new URL("mnist-resnet8.provenance.json", folder), "utf8")) as {
  sha256: string;
  testAccuracy: number;
  testImages: number;
  curve: { judgedAccuracy: number }[];
  bestEpoch: number;
};

test("the file has the hash, and the accuracy of at least 99 %, that its provenance states", () => {
  assert.equal(hashBytes(bytes), provenance.sha256);
  assert.equal(provenance.testImages, 10_000);
  assert.ok(provenance.testAccuracy >= 0.99);
});

test("the epoch is the latest with the highest accuracy on the judged images", () => {
  const accuracies = provenance.curve.map(({ judgedAccuracy }) => judgedAccuracy);
  assert.equal(accuracies.lastIndexOf(Math.max(...accuracies)) + 1, provenance.bestEpoch);
});

test("it loads without flags, as the architecture that was trained, with nothing left over", () => {
  const model = parseModel(bytes, { fileName: "mnist-resnet8.safetensors" });
  assert.deepEqual(model.preprocessing, preprocessingPresets.mnist);
  assert.deepEqual(model.ignoredKeys, []);
  const fresh = buildResnet({
    input: [1, 28, 28],
    classes: 10,
    blocks: 1,
    width: 16,
    shortcut: "P",
    batchNormEpsilon: 1e-5,
    seed: 1,
  });
  const outline = (graph: typeof fresh) =>
    graph.nodes.map(({ id, op, inputs, attributes }) => ({ id, op, inputs, attributes }));
  assert.deepEqual(outline(model.graph), outline(fresh));
  assert.deepEqual([...readState(model.graph).keys()], [...readState(fresh).keys()]);
});
