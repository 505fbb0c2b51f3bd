/** What can be trained at all is asked with the smallest batch that there is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dataset } from "#src/datasets/dataset.js";
import { checkTrainable } from "#src/training/check-trainable.js";
import { batchNormNode, convNode, inputNode, reluNode, withHead } from "./tiny-networks.js";

const data = (shape: readonly [number, number, number], classes: number) =>
  ({ name: "tiny", shape, classes }) as unknown as Dataset;

test("batch norm over a map of one pixel is trained: a batch has two images at least", () => {
  const graph = withHead([
    inputNode([3, 2, 2]),
    convNode("a", "input", [4, 3, 2, 2]),
    batchNormNode("b", "a", 4),
    reluNode("r", "b"),
  ]);
  assert.deepEqual(graph.shape("b"), [4, 1, 1]);
  checkTrainable(graph, data([3, 2, 2], 3));
});

test("images of another shape are refused", () => {
  const graph = withHead([inputNode([3, 2, 2]), convNode("a", "input", [4, 3, 2, 2])]);
  assert.throws(() => checkTrainable(graph, data([1, 2, 2], 3)), { exitCode: 3 });
});
