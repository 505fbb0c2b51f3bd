/** Which held-back images judge afterwards, and how many. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph } from "../../graph/graph.js";
import type { GraphNode } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";
import { affordableImages, explainNoneUnseen, knowsImages, selectUnseen } from "./unseen-images.js";

/** So many neurons, and nothing else that is asked for. */
function snnOf(neurons: number, compensate = "off"): Snn {
  const graph: Pick<Graph, "nodes" | "shape"> = {
    nodes: [{ id: "a", op: "neuron" } as GraphNode],
    shape: () => [neurons, 1, 1],
  };
  return { graph, options: { compensate } } as unknown as Snn;
}

test("images that compensation was judged on are left out; the others are evenly spaced among the last 5,000", () => {
  const [plain, shared, layer] = ["off", "shared", "layer"].map((way) =>
    selectUnseen(snnOf(1, way), 50_000, 100),
  );
  assert.deepEqual([plain?.length, shared?.length, layer?.length], [100, 100, 100]);
  assert.ok(plain?.every((index, at) => index >= 45_000 + 50 * at && index < 45_000 + 50 * (at + 1)));
  assert.ok(shared?.every((index) => index >= 46_000 && index < 50_000));
  assert.ok(layer?.every((index) => index >= 45_064 && index < 50_000));
  assert.deepEqual([...selectUnseen(snnOf(1), 30, 100)], [27, 28, 29]);
  assert.equal(selectUnseen(snnOf(1), 9, 100).length, 0);
});

test("why no image is left is said by who has seen them all", () => {
  assert.equal(selectUnseen(snnOf(1, "shared"), 300, 1).length, 0);
  assert.match(explainNoneUnseen(snnOf(1, "shared"), 300), /^compensation was judged on all 30 held-back/);
  assert.match(explainNoneUnseen(snnOf(1), 9), /^of fewer than 10 training images none/);
  const options = { auto: { judgedOn: { n: 100 } }, calibrateN: "all" };
  assert.equal(selectUnseen({ options }, 1000, 1).length, 0);
  assert.match(explainNoneUnseen({ options }, 1000), /^auto judged on 100 of 100 .*--judge-n of at most 68$/);
});

test("256 images of a small network, 32 of a large one, fewer where T is very large", () => {
  assert.equal(affordableImages(snnOf(1000), 64), 256);
  assert.equal(affordableImages(snnOf(200_000), 350), 57);
  assert.equal(affordableImages(snnOf(1_000_000), 350), 32);
  assert.equal(affordableImages(snnOf(1_000_000), 10_000), 4);
  assert.equal(affordableImages(snnOf(10_000_000), 65_000), 1);
});

test("a network knows images of which it is right on 99 %, with CIFAR-100 on 85 %", () => {
  const known = (accuracy: number) =>
    ["mnist", "cifar10", "cifar100"].map((data) => knowsImages(accuracy, data));
  assert.deepEqual([84.9, 85, 98.9, 99].map(known), [
    [false, false, false],
    [false, false, true],
    [false, false, true],
    [true, true, true],
  ]);
});
