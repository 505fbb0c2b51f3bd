/** Trained ceilings on blocked values give what they give on plain ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ActivationPlan, addCeilings, chooseActivationRules } from "#src/training/activations.js";
import { makeBlockedRules } from "#src/training/blocked/blocked-rules.js";
import { probeBlocks } from "#src/training/blocked/probe-blocks.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { nameVelocity } from "#src/training/emit-update.js";
import { TrainingSession } from "#src/training/engine-session.js";
import { loadEngine } from "#src/training/load-engine.js";
import { lowerToTrainingGraph } from "#src/training/lower-to-training-graph.js";
import { readState } from "#src/training/network-state.js";
import { gradientRules } from "#src/training/rules/rule-table.js";
import { randomTensor } from "./tiny-networks.js";

const network = buildResnet({
  input: [3, 8, 8],
  classes: 4,
  blocks: 1,
  width: 16,
  shortcut: "P",
  batchNormEpsilon: 1e-5,
  seed: 2,
});
const batch = 16;
const images = randomTensor([batch, 3, 8, 8]).data;
const targets = Float32Array.from({ length: batch * 4 }, (_, at) =>
  at % 4 === Math.floor(at / 4) % 4 ? 1 : 0,
);

const engine = await loadEngine();
const block = await probeBlocks(engine);

async function takeStep(plan: ActivationPlan, rules: typeof gradientRules) {
  const graph = addCeilings(network, plan);
  const options = { batch, momentum: 0.9, weightDecay: 0 };
  const compiled = lowerToTrainingGraph(graph, options, chooseActivationRules(rules, plan));
  const state = readState(graph);
  for (const [name, values] of state) if (name.endsWith(".ceiling")) values[0] = 1.5;
  const session = await TrainingSession.open(engine, compiled, state, 1);
  const { loss } = await session.step(
    new engine.Tensor("float32", images, [batch, 3, 8, 8]),
    new engine.Tensor("float32", targets, [batch, 4]),
    0,
  );
  const next = session.readState();
  await session.release();
  return { loss, next };
}

for (const plan of [{ kind: "clip" }, { kind: "qcfs", levels: 4 }] as const) {
  const skip = block === null && "the engine has no blocked operators here";
  test(`${plan.kind}: a step's gradients agree within 1 % of each tensor's largest`, { skip }, async () => {
    const plain = await takeStep(plan, gradientRules);
    const blocked = await takeStep(plan, makeBlockedRules(block as number));
    assert.ok(Math.abs(plain.loss - blocked.loss) < 1e-4 * plain.loss, `${plain.loss} ${blocked.loss}`);
    let ceilings = 0;
    for (const [name, values] of plain.next) {
      if (!name.endsWith(nameVelocity(""))) continue;
      if (name.includes(".ceiling")) ceilings += values[0] === 0 ? 0 : 1;
      const other = blocked.next.get(name) as Float32Array;
      const largest = Math.max(...values.map(Math.abs));
      for (const [at, value] of values.entries()) {
        const error = Math.abs(value - (other[at] as number));
        assert.ok(error <= 0.01 * largest, `${name}[${at}]: ${value} plain, ${other[at]} blocked`);
      }
    }
    assert.equal(ceilings, 7, "every ceiling has a gradient");
  });
}
