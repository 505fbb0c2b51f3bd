/** Training on blocked values gives what training on plain ones gives, and is what `auto` takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNormal } from "#src/core/counter-random.js";
import { RespikeError } from "#src/core/respike-error.js";
import type { Graph } from "#src/graph/graph.js";
import { explainUnblockable, makeBlockedRules } from "#src/training/blocked/blocked-rules.js";
import { checkBlocks } from "#src/training/blocked/check-blocks.js";
import { probeBlocks } from "#src/training/blocked/probe-blocks.js";
import { buildResnet, type ResnetPlan } from "#src/training/build-resnet.js";
import { chooseLowering } from "#src/training/choose-lowering.js";
import { EvaluationSession, type StepResult, TrainingSession } from "#src/training/engine-session.js";
import { type Engine, loadEngine } from "#src/training/load-engine.js";
import { lowerToEvaluationGraph, lowerToTrainingGraph } from "#src/training/lower-to-training-graph.js";
import { type NetworkState, readState } from "#src/training/network-state.js";
import { type GradientRules, gradientRules } from "#src/training/rules/rule-table.js";
import {
  addNode,
  batchNormNode,
  convNode,
  inputNode,
  poolNode,
  reluNode,
  withHead,
} from "./tiny-networks.js";

const batch = 32;
const engine = await loadEngine();
const block = await probeBlocks(engine);
const skip = block === null ? "the engine has no blocked operators here" : false;

function drawImages(shape: readonly number[]) {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return new engine.Tensor(
    "float32",
    Float32Array.from({ length: size }, (_, at) => randomNormal(5, at)),
    shape,
  );
}

function build(changes: Partial<ResnetPlan>) {
  const plan = { input: [3, 16, 16], classes: 10, blocks: 1, width: 16, batchNormEpsilon: 1e-5, seed: 3 };
  return buildResnet({ ...plan, shortcut: "P", ...changes } as ResnetPlan);
}

async function takeSteps(changes: Partial<ResnetPlan>, rules: GradientRules, steps: number) {
  const graph = build(changes);
  const [channels, height, width] = graph.input.attributes.shape;
  const shape = [batch, channels, height, width];
  const images = drawImages(shape);
  const targets = new Float32Array(batch * 10);
  for (let at = 0; at < batch; at++) targets[at * 10 + (at % 10)] = 1;
  const compiled = lowerToTrainingGraph(graph, { batch, momentum: 0.9, weightDecay: 5e-4 }, rules);
  const session = await TrainingSession.open(engine, compiled, readState(graph), 1);
  let result: StepResult = { loss: Number.NaN, logits: new Float32Array() };
  for (let step = 0; step < steps; step++) {
    result = await session.step(images, new engine.Tensor("float32", targets, [batch, 10]), 0.05);
  }
  const state = session.readState();
  await session.release();
  return { ...result, state };
}

/** √(Σ(a−b)²/Σa²), the largest over the state's tensors. */
function compareStates(a: NetworkState, b: NetworkState): { worst: number; name: string } {
  let found = { worst: 0, name: "" };
  for (const [name, values] of a) {
    const others = b.get(name) ?? new Float32Array();
    assert.equal(others.length, values.length, name);
    let [difference, size] = [0, 0];
    for (const [at, value] of values.entries()) {
      difference += (value - (others[at] as number)) ** 2;
      size += value ** 2;
    }
    const worst = Math.sqrt(difference / Math.max(size, 1e-20));
    if (!(worst <= found.worst)) found = { worst, name };
  }
  return found;
}

/** Logits of drawn images by the state that a graph has. */
async function readLogits(graph: Graph, shape: readonly number[], rules: GradientRules) {
  const session = await EvaluationSession.open(engine, lowerToEvaluationGraph(graph, batch, rules), 1);
  const logits = (await session.run(drawImages(shape), readState(graph))).slice();
  await session.release();
  return logits;
}

function assertSameLogits(plain = new Float32Array(), other = new Float32Array()) {
  const largest = Math.max(...plain.map(Math.abs));
  assert.ok(largest > 0 && plain.length === other.length);
  for (const [at, value] of plain.entries()) {
    assert.ok(Math.abs(value - (other[at] as number)) < 1e-4 * largest, `logit ${at}`);
  }
}

const networks: Record<string, Partial<ResnetPlan>> = {
  "projections in every stage": {},
  "projections where the shape changes": { shortcut: "B" },
  "every second pixel": { shortcut: "A" },
  "averages of four pixels": { shortcut: "avg" },
  "one input channel and an odd side": { input: [1, 14, 14] },
};

for (const [name, changes] of Object.entries(networks)) {
  test(`${name}: one step changes every tensor alike, relative difference under 2e-3`, { skip }, async () => {
    const plain = await takeSteps(changes, gradientRules, 1);
    const blocked = await takeSteps(changes, makeBlockedRules(block ?? 16), 1);
    assert.ok(Math.abs(plain.loss - blocked.loss) < 1e-4, `loss ${plain.loss} and ${blocked.loss}`);
    const { worst, name: tensor } = compareStates(plain.state, blocked.state);
    assert.ok(worst > 0, "two lowerings that round alike to the bit are one lowering");
    assert.ok(worst < 2e-3, `${tensor}: ${worst}`);
  });
}

test("ten steps end at the same loss within 2 %", { skip }, async () => {
  const plain = await takeSteps({}, gradientRules, 10);
  const blocked = await takeSteps({}, makeBlockedRules(block ?? 16), 10);
  assert.ok(plain.loss < 1.5, `the loss falls: ${plain.loss}`);
  assert.ok(Math.abs(blocked.loss / plain.loss - 1) < 0.02, `${plain.loss} and ${blocked.loss}`);
});

test("running statistics give the same logits within 1e-4 of the largest", { skip }, async () => {
  const graph = build({});
  const shape = [batch, 3, 16, 16];
  const plain = await readLogits(graph, shape, gradientRules);
  assertSameLogits(plain, await readLogits(graph, shape, makeBlockedRules(block ?? 16)));
});

test("auto takes blocked values where it can, and plain ones where it cannot", { skip }, async () => {
  assert.equal((await chooseLowering(engine, build({}), batch, "auto")).name, `blocked by ${block}`);
  assert.equal((await chooseLowering(engine, build({}), batch, "plain")).name, "plain");
  assert.equal((await chooseLowering(engine, build({ width: 12 }), batch, "auto")).name, "plain");
  assert.match(
    explainUnblockable(build({ width: 12 }), batch, 16) ?? "",
    /^conv1 \(conv\): 3 to 12 channels/,
  );
  assert.match(explainUnblockable(build({}), 30, 16) ?? "", /a batch of 30/);
  await assert.rejects(
    chooseLowering(engine, build({ width: 12 }), batch, "blocked"),
    (error: unknown) => error instanceof RespikeError && error.exitCode === 2,
  );
});

for (const channels of [8, 16, 32]) {
  test(`images of ${channels} channels: auto and plain give the same logits within 1e-4 of the largest`, async () => {
    const graph = build({ input: [channels, 16, 16] });
    const shape = [batch, channels, 16, 16];
    const chosen = await chooseLowering(engine, graph, batch, "auto");
    const [plain, auto] = await Promise.all(
      [gradientRules, chosen.rules].map((rules) => readLogits(graph, shape, rules)),
    );
    assertSameLogits(plain, auto);
  });
}

test("images lie row by row: operators that read as many channels as a block has cannot be blocked", () => {
  for (const size of [8, 16]) {
    const of = (input: ResnetPlan["input"]) => explainUnblockable(build({ input }), batch, size);
    assert.match(of([size, 16, 16]) ?? "", /^conv1 \(conv\): it reads images of \d+ channels/);
    assert.match(of([2 * size, 16, 16]) ?? "", /^conv1 \(conv\): it reads images of \d+ channels/);
    assert.equal(of([3, 16, 16]), null);
  }
});

test("images lie row by row, whatever their node is called: batch-norm, relu and add of them cannot be blocked", () => {
  const images = { ...inputNode([16, 4, 4]), id: "pixels" };
  const heads = {
    "batch-norm": batchNormNode("b", "pixels", 16),
    relu: reluNode("b", "pixels"),
    add: addNode("b", "pixels", "pixels"),
  };
  for (const [op, node] of Object.entries(heads)) {
    const graph = withHead([images, node, poolNode("mean", "b", [4, 4], [4, 4])]);
    assert.match(explainUnblockable(graph, batch, 16) ?? "", new RegExp(`^b \\(${op}\\): it reads images`));
  }
  const conv = convNode("b", "pixels", [16, 3, 3, 3], { padding: [1, 1, 1, 1] });
  const three = withHead([
    { ...inputNode([3, 4, 4]), id: "pixels" },
    conv,
    poolNode("m", "b", [4, 4], [4, 4]),
  ]);
  assert.equal(explainUnblockable(three, batch, 16), null);
});

test("an engine whose blocked operators compute something else is found out", { skip }, async () => {
  const rules = makeBlockedRules(block ?? 16);
  assert.equal(await checkBlocks(engine, block ?? 16, rules), true);
  const { relu } = gradientRules;
  assert.equal(
    await checkBlocks(engine, block ?? 16, { ...rules, relu: { ...relu, lower: skipRelu } } as GradientRules),
    false,
  );
});

function skipRelu(_: unknown, [value]: readonly string[]) {
  return { value, backward: (gradient: string) => [gradient] };
}

test("an engine without blocked operators is found out", async () => {
  const broken = {
    ...engine,
    InferenceSession: { create: () => Promise.reject(new Error("no such operator")) },
  } as unknown as Engine;
  assert.equal(await probeBlocks(broken), null);
  assert.equal((await chooseLowering(broken, build({}), batch, "auto")).name, "plain");
});
