/** Every rule on blocked values against central differences of a float64 evaluator, without the plain lowering. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph } from "#src/graph/graph.js";
import type { GraphNode } from "#src/graph/node-types.js";
import {
  type ActivationPlan,
  addCeilings,
  chooseActivationRules,
  plainActivation,
} from "#src/training/activations.js";
import { explainUnblockable, makeBlockedRules } from "#src/training/blocked/blocked-rules.js";
import { probeBlocks } from "#src/training/blocked/probe-blocks.js";
import { nameVelocity } from "#src/training/emit-update.js";
import { TrainingSession } from "#src/training/engine-session.js";
import { loadEngine } from "#src/training/load-engine.js";
import { lowerToTrainingGraph } from "#src/training/lower-to-training-graph.js";
import { nameTensor, readState } from "#src/training/network-state.js";
import { differentiate, readTensors, runFloat64, StraightThrough } from "./float64-network.js";
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

const engine = await loadEngine();
const block = await probeBlocks(engine);
const skip = block === null ? "the engine has no blocked operators here" : false;

/** Behind a convolution from 3 to 16 channels; `side` is that of the last value, over which is averaged. */
function between(input: readonly [number, number], side: readonly [number, number], ...nodes: GraphNode[]) {
  const first = convNode("a", "input", [16, 3, 1, 1], {}, true);
  const last = nodes.at(-1)?.id ?? "a";
  return withHead([inputNode([3, ...input]), first, ...nodes, poolNode("mean", last, side, side)]);
}

const same = { padding: [1, 1, 1, 1] } as const;
const half = { ...same, stride: [2, 2] } as const;
const weight = [16, 16, 3, 3] as const;

const cases: Readonly<Record<string, readonly [Graph, ActivationPlan?]>> = {
  "conv 3×3": [between([4, 3], [4, 3], convNode("b", "a", weight, same, true))],
  "conv 3×3 from the images": [
    withHead([
      inputNode([3, 4, 4]),
      convNode("b", "input", [16, 3, 3, 3], same),
      poolNode("mean", "b", [4, 4], [4, 4]),
    ]),
  ],
  "conv 3×3 stride 2, even side": [between([4, 4], [2, 2], convNode("b", "a", weight, half))],
  "conv 3×3 stride 2, odd side": [between([5, 3], [3, 2], convNode("b", "a", weight, half))],
  "conv 1×1 stride 2": [between([4, 4], [2, 2], convNode("b", "a", [32, 16, 1, 1], { stride: [2, 2] }))],
  "conv 3×3 stride 3, last pixels unseen": [
    between([5, 8], [1, 2], convNode("b", "a", weight, { stride: [3, 3] })),
  ],
  "conv 5×5, larger than the map": [
    between([3, 2], [3, 2], convNode("b", "a", [16, 16, 5, 5], { padding: [2, 2, 2, 2] })),
  ],
  "conv 2×3, uneven padding, stride 2×1": [
    between([4, 3], [2, 3], convNode("b", "a", [16, 16, 2, 3], { stride: [2, 1], padding: [0, 2, 1, 0] })),
  ],
  "batch-norm": [between([3, 3], [3, 3], batchNormNode("b", "a", 16))],
  "batch-norm, relu, conv": [
    between(
      [3, 3],
      [3, 3],
      batchNormNode("b", "a", 16),
      reluNode("r", "b"),
      convNode("c", "r", weight, same),
      batchNormNode("d", "c", 16),
      reluNode("s", "d"),
    ),
  ],
  "relu with a maximum": [between([3, 3], [3, 3], reluNode("b", "a", 0.5))],
  "add of a value read twice": [
    between([3, 3], [3, 3], reluNode("r", "a"), addNode("s", "a", "r", "a"), reluNode("t", "s")),
  ],
  "shortcut A, odd side": [between([5, 4], [3, 2], shortcutNode("p", "a", "A", 32), reluNode("r", "p"))],
  "shortcut avg, even side": [between([4, 4], [2, 2], shortcutNode("p", "a", "avg", 32), reluNode("r", "p"))],
  clip: [between([3, 3], [3, 3], reluNode("r", "a", 0.8)), { kind: "clip" }],
  "qcfs:4": [between([3, 3], [3, 3], reluNode("r", "a", 0.8)), { kind: "qcfs", levels: 4 }],
};

/** Gradients are read from the momenta of a first step. */
async function takeStep(graph: Graph, batch: ReturnType<typeof randomBatch>, plan: ActivationPlan) {
  const rules = chooseActivationRules(makeBlockedRules(block ?? 16), plan);
  const compiled = lowerToTrainingGraph(graph, { batch: batch.n, momentum: 0, weightDecay: 0 }, rules);
  const session = await TrainingSession.open(engine, compiled, readState(graph), 1);
  const { loss } = await session.step(
    new engine.Tensor("float32", batch.images, [batch.n, ...graph.input.attributes.shape]),
    new engine.Tensor("float32", batch.targets, [batch.n, 3]),
    0,
  );
  const state = session.readState();
  await session.release();
  return { loss, state };
}

for (const [name, [plain, plan = plainActivation]] of Object.entries(cases)) {
  test(`${name}: 16 gradients of each tensor within 1e-4 of the largest, loss within 1e-5`, {
    skip,
  }, async () => {
    const graph = addCeilings(plain, plan);
    const batch = randomBatch(graph, 16);
    assert.equal(explainUnblockable(graph, batch.n, block ?? 16), null);
    const { images, targets, n } = batch;
    const { loss, state } = await takeStep(graph, batch, plan);
    const through = plan.kind === "qcfs" ? new StraightThrough(plan.levels) : undefined;
    const expected = runFloat64(graph, readTensors(graph), images, targets, n, through);
    assert.ok(Math.abs(loss / expected.loss - 1) < 1e-5, `${loss} ${expected.loss}`);
    const trained = graph.nodes.flatMap((node) =>
      Object.keys(node.tensors)
        .filter((tensor) => tensor !== "mean" && tensor !== "variance")
        .map((tensor) => ({ oracle: `${node.id}.${tensor}`, name: nameTensor(node, tensor) })),
    );
    const names = trained.map(({ oracle }) => oracle);
    const slopes = differentiate(graph, images, targets, n, names, through, 16);
    const kept = [...slopes.values()].flatMap((slope) => [...slope].filter((value) => !Number.isNaN(value)));
    const largest = Math.max(...kept.map(Math.abs));
    assert.ok(largest > 1e-3, "the case has gradients to compare");
    for (const { oracle, name: tensor } of trained) {
      const gradient = state.get(nameVelocity(tensor));
      const slope = slopes.get(oracle) as Float64Array;
      assert.equal(gradient?.length, slope.length, tensor);
      for (const [at, value] of slope.entries()) {
        if (Number.isNaN(value)) continue;
        const error = Math.abs((gradient?.[at] as number) - value);
        assert.ok(error <= 1e-4 * largest, `${tensor}[${at}]: ${gradient?.[at]}, differences say ${value}`);
      }
    }
  });
}
