/**
 * Two steps of SGD of a ResNet-8 P against PyTorch in float64: momentum and running statistics of the first count in the
 * second. fixtures/make_sgd_steps.py makes the file that is read here.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { countElements } from "#src/core/tensor.js";
import { makeBlockedRules } from "#src/training/blocked/blocked-rules.js";
import { probeBlocks } from "#src/training/blocked/probe-blocks.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { TrainingSession } from "#src/training/engine-session.js";
import { loadEngine } from "#src/training/load-engine.js";
import { lowerToTrainingGraph } from "#src/training/lower-to-training-graph.js";
import { listState, type NetworkState } from "#src/training/network-state.js";
import { type GradientRules, gradientRules } from "#src/training/rules/rule-table.js";

/** A tensor of float64: Σx, Σx² and evenly spread values. */
interface Digest {
  readonly sum: number;
  readonly squares: number;
  readonly values: readonly number[];
}

interface Step {
  readonly rate: number;
  readonly loss: number;
  readonly logits: Digest;
  readonly state: Readonly<Record<string, Digest>>;
}

const fixture = new URL("../../../test/oracle/fixtures/sgd-steps.json", import.meta.url);
const { plan, steps } = JSON.parse(readFileSync(fixture, "utf8")) as {
  readonly plan: Readonly<
    Record<"batch" | "classes" | "width" | "side" | "momentum" | "weightDecay" | "smoothing", number>
  >;
  readonly steps: readonly Step[];
};
const { batch, classes, width, side, momentum, weightDecay, smoothing } = plan;

/** As `draw` in make_sgd_steps.py. */
function draw(name: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const letter of new TextEncoder().encode(name)) seed = Math.imul(seed ^ letter, 16777619);
  return Float64Array.from({ length: count }, (_, at) => {
    let hash = Math.imul(at, 2654435761) + seed;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 8) / 2 ** 23 - 1;
  });
}

/** As `draw_tensor` in make_sgd_steps.py. */
function drawTensor(name: string, shape: readonly number[]): Float32Array {
  const values = draw(name, countElements(shape));
  if (name.endsWith("running_var")) return Float32Array.from(values, (value) => 0.75 + 0.25 * value);
  if (shape.length === 1 && name.endsWith(".weight"))
    return Float32Array.from(values, (value) => 1 + 0.25 * value);
  if (shape.length === 1) return Float32Array.from(values, (value) => 0.25 * value);
  const root = Math.sqrt(countElements(shape.slice(1)));
  return Float32Array.from(values, (value) => (value * 2) / root);
}

const graph = buildResnet({
  input: [3, side, side],
  classes,
  blocks: 1,
  width,
  shortcut: "P",
  batchNormEpsilon: 1e-5,
  seed: 0,
});
const engine = await loadEngine();
const block = await probeBlocks(engine);

async function takeSteps(rules: GradientRules) {
  const state = new Map(listState(graph).map(({ name, shape }) => [name, drawTensor(name, shape)]));
  const compiled = lowerToTrainingGraph(graph, { batch, momentum, weightDecay }, rules);
  const session = await TrainingSession.open(engine, compiled, state, 1);
  const taken: { loss: number; logits: Float32Array; state: NetworkState }[] = [];
  for (const [at, { rate }] of steps.entries()) {
    const images = Float32Array.from(draw(`images ${at}`, batch * 3 * side * side), (value) => 2 * value);
    const targets = Float32Array.from({ length: batch * classes }, (_, place) => {
      const [n, k] = [Math.floor(place / classes), place % classes];
      return smoothing / classes + ((7 * n) % classes === k ? 1 - smoothing : 0);
    });
    const { loss, logits } = await session.step(
      new engine.Tensor("float32", images, [batch, 3, side, side]),
      new engine.Tensor("float32", targets, [batch, classes]),
      rate,
    );
    taken.push({ loss, logits: logits.slice(), state: session.readState() });
  }
  await session.release();
  return taken;
}

/** The largest difference of a kept value, or of the means of x and x², over the tensor's largest kept value. */
function compareTensor(actual: Float32Array | undefined, { values, sum, squares }: Digest): number {
  assert.ok(actual !== undefined);
  const largest = Math.max(...values.map(Math.abs));
  const n = actual.length;
  const total = actual.reduce((so, value) => so + value, 0);
  const square = actual.reduce((so, value) => so + value * value, 0);
  const differences = values.map((value, at) =>
    Math.abs((actual[Math.floor((at * n) / values.length)] as number) - value),
  );
  const means = [Math.abs(total - sum) / n, Math.abs(square - squares) / (2 * n * largest)];
  return Math.max(...differences, ...means) / largest;
}

const lowerings: readonly (readonly [name: string, rules: GradientRules, skip: string | false])[] = [
  ["plain", gradientRules, false],
  [
    "blocked",
    makeBlockedRules(block ?? 16),
    block === null ? "the engine has no blocked operators here" : false,
  ],
];

for (const [name, rules, skip] of lowerings) {
  test(`${name}: loss, logits and running statistics within 1e-6, weights and momenta within 1e-5 of the largest`, {
    skip,
  }, async () => {
    const taken = await takeSteps(rules);
    for (const [at, { loss, logits, state }] of taken.entries()) {
      const expected = steps[at] as Step;
      assert.ok(Math.abs(loss / expected.loss - 1) < 1e-6, `step ${at + 1}: ${loss} ${expected.loss}`);
      const error = compareTensor(logits, expected.logits);
      assert.ok(error < 1e-6, `logits of step ${at + 1}: ${error}`);
      assert.deepEqual([...state.keys()].sort(), Object.keys(expected.state).sort());
      for (const [tensor, digest] of Object.entries(expected.state)) {
        const difference = compareTensor(state.get(tensor), digest);
        const tolerance = tensor.includes("running_") ? 1e-6 : 1e-5;
        assert.ok(difference < tolerance, `${tensor} after step ${at + 1}: ${difference}`);
      }
    }
  });
}
