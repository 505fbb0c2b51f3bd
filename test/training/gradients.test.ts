/** Every operator's gradient in onnxruntime against central differences of a float64 evaluator. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
import { nameVelocity } from "#src/training/emit-update.js";
import { TrainingSession } from "#src/training/engine-session.js";
import { loadEngine } from "#src/training/load-engine.js";
import { lowerToTrainingGraph } from "#src/training/lower-to-training-graph.js";
import { nameTensor, readState } from "#src/training/network-state.js";
import { gradientRules, productRules } from "#src/training/rules/rule-table.js";
import { differentiate, readTensors, runFloat64 } from "./float64-network.js";
import {
  addNode,
  batchNormNode,
  convNode,
  inputNode,
  poolNode,
  randomBatch,
  reluNode,
  shortcutNode,
  withHead,
} from "./tiny-networks.js";

/** Behind a convolution, so that gradients of inputs show in its weight's. */
function behindConv(side: readonly [number, number], ...nodes: GraphNode[]): Graph {
  return withHead([inputNode([2, ...side]), convNode("a", "input", [4, 2, 1, 1], {}, true), ...nodes]);
}

function underPool(side: readonly [number, number]): Graph {
  return withHead([
    inputNode([2, ...side]),
    convNode("a", "input", [3, 2, 3, 3], { padding: [1, 1, 1, 1] }),
    poolNode("p", "a", side, side),
  ]);
}

const around = (padding: number) => [padding, padding, padding, padding] as const;

const cases: Readonly<Record<string, Graph>> = {
  "conv 3×3": behindConv([5, 4], convNode("b", "a", [3, 4, 3, 3], { padding: [1, 1, 1, 1] }, true)),
  "conv 3×3 stride 2, even side": behindConv(
    [6, 6],
    convNode("b", "a", [3, 4, 3, 3], { stride: [2, 2], padding: [1, 1, 1, 1] }),
  ),
  "conv 3×3 stride 2, odd side": behindConv(
    [5, 7],
    convNode("b", "a", [3, 4, 3, 3], { stride: [2, 2], padding: [1, 1, 1, 1] }),
  ),
  "conv 1×1 stride 2": behindConv([6, 5], convNode("b", "a", [3, 4, 1, 1], { stride: [2, 2] })),
  "conv 3×2, uneven padding": behindConv([5, 5], convNode("b", "a", [3, 4, 3, 2], { padding: [2, 0, 1, 1] })),
  "conv 1×1, padded beyond its kernel": behindConv(
    [3, 3],
    convNode("b", "a", [3, 4, 1, 1], { padding: [1, 1, 1, 1] }),
  ),
  "conv 5×5, larger than the map": behindConv(
    [3, 2],
    convNode("b", "a", [3, 4, 5, 5], { padding: around(2) }),
  ),
  "conv 3×3 stride 3, last pixels unseen": behindConv(
    [8, 11],
    convNode("b", "a", [3, 4, 3, 3], { stride: [3, 3] }),
  ),
  "conv 2×2, stride 3": behindConv(
    [7, 7],
    convNode("b", "a", [3, 4, 2, 2], { stride: [3, 3], padding: around(1) }),
  ),
  "conv 3×3, stride 2×1": behindConv(
    [6, 5],
    convNode("b", "a", [3, 4, 3, 3], { stride: [2, 1], padding: around(1) }),
  ),
  "conv 2×2 stride 2, padded beyond its kernel": behindConv(
    [3, 4],
    convNode("b", "a", [3, 4, 2, 2], { stride: [2, 2], padding: around(3) }),
  ),
  "conv 1×1 stride 2, padded": behindConv(
    [5, 4],
    convNode("b", "a", [3, 4, 1, 1], { stride: [2, 2], padding: around(1) }),
  ),
  "conv 3×3, width 1, 2 images": behindConv([6, 1], convNode("b", "a", [3, 4, 3, 3], { padding: around(1) })),
  "conv 3×3 over the whole map, 1 image": behindConv([3, 3], convNode("b", "a", [3, 4, 3, 3])),
  "conv 3×3 of 1 channel, stride 2": withHead([
    inputNode([1, 6, 6]),
    convNode("a", "input", [1, 1, 2, 2]),
    convNode("b", "a", [1, 1, 3, 3], { stride: [2, 2] }),
  ]),
  "conv 3×3, one group of 7 images": underPool([8, 8]),
  "conv 3×3, each image a group": underPool([16, 16]),
  "conv 3×3, groups of 16 of 32 images": underPool([8, 8]),
  "batch-norm": behindConv([3, 3], batchNormNode("b", "a", 4)),
  "batch-norm, relu, conv": behindConv(
    [4, 4],
    batchNormNode("b", "a", 4),
    reluNode("r", "b"),
    convNode("c", "r", [2, 4, 3, 3], { padding: [1, 1, 1, 1] }),
    batchNormNode("d", "c", 2),
  ),
  relu: behindConv([4, 4], reluNode("b", "a")),
  "relu with a maximum": behindConv([4, 4], reluNode("b", "a", 0.5)),
  "add of a value read twice": behindConv([4, 4], reluNode("r", "a"), addNode("s", "a", "r", "a")),
  "average pool over the map": behindConv([4, 5], reluNode("r", "a"), poolNode("p", "r", [4, 5], [4, 5])),
  "average pool, overlapping windows": behindConv([5, 6], poolNode("p", "a", [3, 3], [2, 2])),
  "shortcut A, odd side": behindConv([5, 6], shortcutNode("p", "a", "A", 8)),
  "shortcut avg, odd side": behindConv([5, 6], shortcutNode("p", "a", "avg", 8)),
};

const runs = [
  ...Object.entries(cases).map(([name, graph]) => [name, graph, gradientRules] as const),
  ...Object.entries(cases)
    .filter(([name]) => name.startsWith("conv"))
    .map(([name, graph]) => [`${name}, ∂w as products`, graph, productRules] as const),
];

for (const [name, graph, rules] of runs) {
  test(`${name}: gradients within 1e-4 of the largest, loss within 1e-6`, async () => {
    const batch = randomBatch(graph, Number(/(\d+) images?/.exec(name)?.[1] ?? 3));
    const engine = await loadEngine();
    const compiled = lowerToTrainingGraph(graph, { batch: batch.n, momentum: 0, weightDecay: 0 }, rules);
    const session = await TrainingSession.open(engine, compiled, readState(graph), 1);
    const { loss } = await session.step(
      new engine.Tensor("float32", batch.images, [batch.n, ...graph.input.attributes.shape]),
      new engine.Tensor("float32", batch.targets, [batch.n, 3]),
      0,
    );
    const state = session.readState();
    await session.release();
    const expected = runFloat64(graph, readTensors(graph), batch.images, batch.targets, batch.n);
    assert.ok(Math.abs(loss - expected.loss) < 1e-6 * Math.max(1, expected.loss), `${loss} ${expected.loss}`);
    compareGradients(graph, batch, state);
  });
}

function compareGradients(
  graph: Graph,
  batch: ReturnType<typeof randomBatch>,
  state: ReadonlyMap<string, Float32Array>,
): void {
  const trained = graph.nodes.flatMap((node) =>
    Object.keys(node.tensors)
      .filter((tensor) => tensor !== "mean" && tensor !== "variance")
      .map((tensor) => ({ oracle: `${node.id}.${tensor}`, name: nameTensor(node, tensor) })),
  );
  const names = trained.map(({ oracle }) => oracle);
  const slopes = differentiate(graph, batch.images, batch.targets, batch.n, names);
  const largest = Math.max(...[...slopes.values()].flatMap((slope) => [...slope].map(Math.abs)));
  assert.ok(largest > 1e-3, "the case has gradients to compare");
  for (const { oracle, name } of trained) {
    const gradient = state.get(nameVelocity(name));
    const slope = slopes.get(oracle);
    assert.ok(gradient !== undefined && slope !== undefined && gradient.length === slope.length, name);
    for (const [at, value] of gradient.entries()) {
      const error = Math.abs(value - (slope[at] as number));
      assert.ok(error <= 1e-4 * largest, `${name}[${at}]: ${value}, differences say ${slope[at]}`);
    }
  }
}
