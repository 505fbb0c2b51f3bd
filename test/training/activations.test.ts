/** Trained ceilings: their values and gradients, their decay, where they stand on a graph, what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RespikeError } from "#src/core/respike-error.js";
import { float32Tensor } from "#src/core/tensor.js";
import { Graph } from "#src/graph/graph.js";
import { isOp } from "#src/graph/node-types.js";
import {
  type ActivationPlan,
  addCeilings,
  chooseActivationRules,
  initialCeiling,
  parseActivation,
  printActivation,
} from "#src/training/activations.js";
import { nameVelocity } from "#src/training/emit-update.js";
import { EvaluationSession, TrainingSession } from "#src/training/engine-session.js";
import { loadEngine } from "#src/training/load-engine.js";
import {
  lowerToEvaluationGraph,
  lowerToTrainingGraph,
  type StepOptions,
} from "#src/training/lower-to-training-graph.js";
import { applyState, listState, readState } from "#src/training/network-state.js";
import { gradientRules } from "#src/training/rules/rule-table.js";
import { differentiate, readTensors, runFloat64, StraightThrough } from "./float64-network.js";
import { convNode, inputNode, poolNode, randomBatch, reluNode, withHead } from "./tiny-networks.js";

/** Two ceilings, the first of which many values reach. */
const plain = withHead([
  inputNode([2, 5, 4]),
  convNode("a", "input", [4, 2, 3, 3], { padding: [1, 1, 1, 1] }, true),
  reluNode("r", "a", 0.9),
  convNode("b", "r", [4, 4, 1, 1], {}, true),
  reluNode("s", "b", 2.5),
  poolNode("p", "s", [5, 4], [5, 4]),
]);
const batch = randomBatch(plain, 4);

async function takeStep(plan: ActivationPlan, step: Partial<StepOptions> = {}) {
  const graph = addCeilings(plain, plan);
  const engine = await loadEngine();
  const options = { batch: batch.n, momentum: 0, weightDecay: 0, ...step };
  const compiled = lowerToTrainingGraph(graph, options, chooseActivationRules(gradientRules, plan));
  const session = await TrainingSession.open(engine, compiled, readState(graph), 1);
  const { loss, logits } = await session.step(
    new engine.Tensor("float32", batch.images, [batch.n, 2, 5, 4]),
    new engine.Tensor("float32", batch.targets, [batch.n, 3]),
    0.5,
  );
  const state = session.readState();
  await session.release();
  return { graph, loss, logits: logits.slice(), state };
}

const tensorNames = ["a.weight", "a.bias", "r.ceiling", "b.weight", "b.bias", "s.ceiling", "head.weight"];

for (const plan of [{ kind: "clip" }, { kind: "qcfs", levels: 1 }, { kind: "qcfs", levels: 4 }] as const) {
  const name = printActivation(plan);
  test(`${name}: logits and loss within 1e-5, gradients within 1e-4 of the largest, of float64`, async () => {
    const { graph, loss, logits, state } = await takeStep(plan);
    const through = plan.kind === "qcfs" ? new StraightThrough(plan.levels) : undefined;
    const { images, targets, n } = batch;
    const expected = runFloat64(graph, readTensors(graph), images, targets, n, through);
    assert.ok(Math.abs(loss - expected.loss) < 1e-5, `${loss} ${expected.loss}`);
    for (const [at, value] of logits.entries()) {
      assert.ok(Math.abs(value - (expected.logits[at] as number)) < 1e-5);
    }
    const slopes = differentiate(graph, images, targets, n, tensorNames, through);
    const largest = Math.max(...[...slopes.values()].flatMap((slope) => [...slope].map(Math.abs)));
    assert.ok(Math.abs(slopes.get("r.ceiling")?.[0] ?? 0) > 0.01 * largest, "the first ceiling is felt");
    for (const [tensor, slope] of slopes) {
      const gradient = state.get(nameVelocity(tensor));
      assert.equal(gradient?.length, slope.length, tensor);
      for (const [at, value] of slope.entries()) {
        const error = Math.abs((gradient?.[at] as number) - value);
        assert.ok(error < 1e-4 * largest, `${tensor}[${at}]: ${gradient?.[at]}, float64 says ${value}`);
      }
    }
  });
}

test("qcfs gives multiples of c/L from 0 to c, the half rounded up", async () => {
  const levels = 3;
  const graph = new Graph([
    inputNode([1, 1, 8]),
    { ...reluNode("r", "input", 1.5), tensors: { ceiling: float32Tensor([1], [1.5]) } },
  ]);
  const rules = chooseActivationRules(gradientRules, { kind: "qcfs", levels });
  const engine = await loadEngine();
  const flat = graph.with([
    ...graph.nodes,
    { id: "f", op: "flatten", inputs: ["r"], attributes: {}, tensors: {} },
  ]);
  assert.throws(() => lowerToEvaluationGraph(flat, 1, rules), { exitCode: 3 });
  const identity = Float32Array.from({ length: 64 }, (_, at) => (at % 9 === 0 ? 1 : 0));
  const readable = graph.with([
    ...graph.nodes,
    {
      id: "head",
      op: "linear",
      inputs: ["r"],
      attributes: {},
      tensors: { weight: float32Tensor([8, 8], identity) },
    },
  ]);
  const session = await EvaluationSession.open(engine, lowerToEvaluationGraph(readable, 1, rules), 1);
  const values = Float32Array.of(-1, 0, 0.24, 0.25, 0.74, 0.75, 1.3, 9);
  const out = await session.run(new engine.Tensor("float32", values, [1, 1, 1, 8]), readState(readable));
  assert.deepEqual([...out], [0, 0, 0, 0.5, 0.5, 1, 1.5, 1.5]);
  await session.release();
});

test("ceilings have a decay of their own", async () => {
  const before = await takeStep({ kind: "clip" });
  const decayed = await takeStep({ kind: "clip" }, { weightDecay: 0.1, ceilingDecay: 0.02 });
  for (const [name, decay, value] of [
    ["r.ceiling", 0.02, 0.9],
    ["s.ceiling", 0.02, 2.5],
    ["a.bias", 0.1, before.graph.node("a").tensors.bias?.data[0] as number],
  ] as const) {
    const [one, two] = [before, decayed].map(({ state }) => state.get(nameVelocity(name))?.[0] as number);
    assert.ok(Math.abs((two as number) - (one as number) - decay * value) < 1e-6, name);
  }
});

test("a state's ceilings become the ReLUs' maxima; one that is not above 0 is refused by name", async () => {
  const { graph, state } = await takeStep({ kind: "clip" });
  const moved = applyState(graph, state);
  const relu = moved.node("r");
  assert.ok(isOp(relu, "relu"));
  assert.equal(relu.attributes.max, state.get("r.ceiling")?.[0]);
  assert.notEqual(relu.attributes.max, Math.fround(0.9));
  state.set("r.ceiling", Float32Array.of(-0.1));
  assert.throws(() => applyState(graph, state), /^RespikeError: r \(relu\).*max/);
});

test("ceilings are part of the state under the layer's name and begin at the ReLU's maximum, or at the default", () => {
  const open = withHead([
    inputNode([1, 2, 2]),
    convNode("a", "input", [2, 1, 1, 1]),
    reluNode("a.relu", "a"),
  ]);
  assert.deepEqual(listState(open).length, listState(addCeilings(open, { kind: "relu" })).length);
  const graph = addCeilings(open, { kind: "clip" });
  assert.deepEqual(
    listState(graph).find(({ name }) => name === "a.relu.ceiling"),
    {
      name: "a.relu.ceiling",
      kind: "trained",
      shape: [1],
    },
  );
  assert.deepEqual(readState(graph).get("a.relu.ceiling"), Float32Array.of(initialCeiling));
  const low = addCeilings(open, { kind: "clip" }, 1.5);
  assert.deepEqual(readState(low).get("a.relu.ceiling"), Float32Array.of(1.5));
  assert.deepEqual(readState(addCeilings(low, { kind: "qcfs", levels: 2 }, 9)), readState(low));
  for (const initial of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => addCeilings(open, { kind: "clip" }, initial), { exitCode: 2 });
  }
});

test("a flag is read and printed; anything else is refused with exit 2", () => {
  for (const text of ["relu", "clip", "qcfs:1", "qcfs:8", "qcfs:1024"]) {
    assert.equal(printActivation(parseActivation(text)), text);
  }
  for (const text of ["", "qcfs", "qcfs:0", "qcfs:08", "qcfs:1025", "qcfs:4.5", "Clip", "tanh"]) {
    assert.throws(
      () => parseActivation(text),
      (error) => error instanceof RespikeError && error.exitCode === 2,
      text,
    );
  }
  assert.throws(() => addCeilings(plain, { kind: "qcfs", levels: 2.5 }), { exitCode: 2 });
});

test("a ceiling that is not the ReLU's maximum is refused", () => {
  const nodes = addCeilings(plain, { kind: "clip" }).nodes.map((node) =>
    node.id === "r" ? { ...node, tensors: { ceiling: float32Tensor([1], [0.8]) } } : node,
  );
  assert.throws(() => new Graph(nodes), /trained ceiling is the ReLU's maximum/);
});
