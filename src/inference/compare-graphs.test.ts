import assert from "node:assert/strict";
import { test } from "node:test";
import { float32Tensor } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import type { GraphNode } from "../graph/node-types.js";
import { preprocessingPresets } from "../graph/preprocessing.js";
import { compareOutputs, compareValues, randomImages } from "./compare-graphs.js";

const unit = preprocessingPresets.unit ?? { name: "unit", range: "0..1", mean: [0], std: [1] };

function scaled(...factors: readonly number[]): Graph {
  const input: GraphNode = {
    id: "input",
    op: "input",
    inputs: [],
    attributes: { shape: [1, 2, 2] },
    tensors: {},
  };
  const affine = (factor: number, at: number): GraphNode => ({
    id: `scale${at}`,
    op: "affine",
    inputs: [at === 0 ? "input" : `scale${at - 1}`],
    attributes: {},
    tensors: { scale: float32Tensor([1], [factor]) },
  });
  return new Graph([input, ...factors.map(affine)]);
}

test("equal functions differ by 0, doubled ones by their largest output", async () => {
  const images = randomImages(4, [1, 2, 2], unit, 1);
  const same = await compareOutputs(scaled(6), scaled(2, 3), images, 4);
  assert.deepEqual([same.maxAbsDiff, same.maxRelDiff, same.notFinite, same.images], [0, 0, 0, 4]);
  const doubled = await compareOutputs(scaled(1), scaled(2), images, 4);
  assert.equal(doubled.maxAbsDiff, Math.max(...images));
  assert.equal(doubled.maxRelDiff, 1);
});

test("a value that is not finite is never called close", () => {
  const nan = compareValues(Float32Array.of(1, Number.NaN), Float32Array.of(1, Number.NaN), 1);
  assert.deepEqual([nan.maxAbsDiff, nan.notFinite], [Number.POSITIVE_INFINITY, 2]);
  const infinite = compareValues(Float32Array.of(1, 2), Float32Array.of(1, Number.POSITIVE_INFINITY), 1);
  assert.deepEqual([infinite.maxRelDiff, infinite.notFinite], [Number.POSITIVE_INFINITY, 1]);
  const zero = compareValues(Float32Array.of(0), Float32Array.of(0.1), 1);
  assert.equal(zero.maxRelDiff, Number.POSITIVE_INFINITY);
  assert.throws(() => compareValues(Float32Array.of(0), Float32Array.of(0, 1), 1), RangeError);
});

test("random images are bytes, preprocessed, and depend on the seed", () => {
  const images = randomImages(2, [3, 8, 8], unit, 7);
  assert.equal(images.length, 2 * 3 * 64);
  assert.ok(
    images.every((value) => value >= 0 && value <= 1 && Math.fround(Math.round(value * 255) / 255) === value),
  );
  assert.deepEqual(images, randomImages(2, [3, 8, 8], unit, 7));
  assert.notDeepEqual(images, randomImages(2, [3, 8, 8], unit, 8));
});
