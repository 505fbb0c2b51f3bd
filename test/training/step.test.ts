/** One step of SGD and the running statistics, in float64 beside the graph. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nameVelocity } from "#src/training/emit-update.js";
import { EvaluationSession, TrainingSession } from "#src/training/engine-session.js";
import { loadEngine } from "#src/training/load-engine.js";
import { lowerToEvaluationGraph, lowerToTrainingGraph } from "#src/training/lower-to-training-graph.js";
import { applyState, readState } from "#src/training/network-state.js";
import { differentiate, readTensors, runFloat64 } from "./float64-network.js";
import { batchNormNode, convNode, inputNode, randomBatch, reluNode, withHead } from "./tiny-networks.js";

const graph = withHead([
  inputNode([2, 5, 5]),
  convNode("a", "input", [3, 2, 3, 3], { padding: [1, 1, 1, 1], stride: [2, 2] }),
  batchNormNode("n", "a", 3),
  reluNode("r", "n"),
]);
const batch = randomBatch(graph, 4);
const step = { batch: batch.n, momentum: 0.9, weightDecay: 0.01 };
const rate = 0.2;

async function takeStep(velocity: number) {
  const engine = await loadEngine();
  const state = readState(graph);
  for (const [name, values] of readState(graph)) {
    state.set(nameVelocity(name), new Float32Array(values.length).fill(velocity));
  }
  const session = await TrainingSession.open(engine, lowerToTrainingGraph(graph, step), state, 1);
  await session.step(
    new engine.Tensor("float32", batch.images, [batch.n, 2, 5, 5]),
    new engine.Tensor("float32", batch.targets, [batch.n, 3]),
    rate,
  );
  const next = session.readState();
  await session.release();
  return next;
}

function assertClose(actual: Float32Array | undefined, expected: Float64Array, within: number): void {
  assert.equal(actual?.length, expected.length);
  for (const [at, value] of expected.entries()) {
    assert.ok(Math.abs((actual?.[at] as number) - value) <= within, `[${at}] ${actual?.[at]} ${value}`);
  }
}

test("v ← μv + g + dw and w ← w − rate·v, within 1e-5 of float64", async () => {
  const next = await takeStep(0.5);
  const tensors = readTensors(graph);
  const names = ["a.weight", "n.gamma", "n.beta", "head.weight", "head.bias"];
  const slopes = differentiate(graph, batch.images, batch.targets, batch.n, names);
  for (const name of names) {
    const weights = tensors.get(name) as Float64Array;
    const velocity = (slopes.get(name) as Float64Array).map(
      (slope, at) => 0.9 * 0.5 + slope + 0.01 * (weights[at] as number),
    );
    const file = name.replace("gamma", "weight").replace("beta", "bias");
    assertClose(next.get(nameVelocity(file)), velocity, 1e-5);
    assertClose(
      next.get(file),
      weights.map((weight, at) => weight - rate * (velocity[at] as number)),
      1e-5,
    );
  }
});

test("running statistics move by 0.1 towards the batch's mean and its variance over n − 1", async () => {
  const next = await takeStep(0);
  const tensors = readTensors(graph);
  const { statistics } = runFloat64(graph, tensors, batch.images, batch.targets, batch.n);
  const counted = statistics.get("n");
  assert.ok(counted !== undefined && counted.count === 4 * 3 * 3);
  const mix = (name: string, newest: Float64Array, factor: number) =>
    (tensors.get(name) as Float64Array).map(
      (value, at) => 0.9 * value + 0.1 * factor * (newest[at] as number),
    );
  assertClose(next.get("n.running_mean"), mix("n.mean", counted.mean, 1), 1e-6);
  assertClose(next.get("n.running_var"), mix("n.variance", counted.variance, 36 / 35), 1e-6);
});

test("under running statistics equal to the batch's, evaluation gives training's logits within 1e-5", async () => {
  const tensors = readTensors(graph);
  const { logits, statistics } = runFloat64(graph, tensors, batch.images, batch.targets, batch.n);
  const state = readState(graph);
  state.set("n.running_mean", Float32Array.from(statistics.get("n")?.mean ?? []));
  state.set("n.running_var", Float32Array.from(statistics.get("n")?.variance ?? []));
  const engine = await loadEngine();
  const session = await EvaluationSession.open(engine, lowerToEvaluationGraph(graph, batch.n), 1);
  const images = new engine.Tensor("float32", batch.images, [batch.n, 2, 5, 5]);
  assertClose(await session.run(images, state), logits, 1e-5);
  await session.release();
});

test("a state goes into the graph and comes out again unchanged", () => {
  const state = readState(graph);
  for (const values of state.values()) for (const at of values.keys()) values[at] = at + 0.25;
  assert.deepEqual(readState(applyState(graph, state)), state);
  assert.notDeepEqual(readState(graph), state);
});
