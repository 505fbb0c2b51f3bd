/**
 * Asks the engine whether one training step on blocked values does what one on plain values does.
 *
 * Knows: a tiny network with every operator and attribute that the blocked rules emit, and the step of both
 * lowerings. May not know: how either is computed.
 *
 * The blocked operators are the engine's own and have no documentation, so nothing is taken for granted:
 * another version that refuses one, or gives other values, is trained with the plain lowering.
 */
import { randomNormal } from "../../core/counter-random.js";
import { buildResnet } from "../build-resnet.js";
import { TrainingSession } from "../engine-session.js";
import type { Engine } from "../load-engine.js";
import { lowerToTrainingGraph } from "../lower-to-training-graph.js";
import { readState } from "../network-state.js";
import { type GradientRules, gradientRules } from "../rules/rule-table.js";

/** Both lowerings round differently: 2·10⁻³ at most was seen of a step's changes. */
const tolerance = 0.02;
const classes = 4;

/** @param block channels a block */
export async function checkBlocks(engine: Engine, block: number, rules: GradientRules): Promise<boolean> {
  try {
    const plain = await takeStep(engine, block, gradientRules);
    const blocked = await takeStep(engine, block, rules);
    return [...plain].every(([name, values]) => agrees(values, blocked.get(name)));
  } catch {
    return false;
  }
}

/** The state after a step without decay, so that velocities are gradients. */
async function takeStep(engine: Engine, block: number, rules: GradientRules) {
  const input = [3, 8, 8] as const;
  const plan = {
    input,
    classes,
    blocks: 2,
    width: block,
    shortcut: "P",
    batchNormEpsilon: 1e-5,
    seed: 1,
  } as const;
  const graph = buildResnet(plan);
  const batch = 2 * block;
  const compiled = lowerToTrainingGraph(graph, { batch, momentum: 0, weightDecay: 0 }, rules);
  const session = await TrainingSession.open(engine, compiled, readState(graph), 1);
  const draw = (size: number) => Float32Array.from({ length: size }, (_, at) => randomNormal(1, at));
  const targets = Float32Array.from({ length: batch * classes }, (_, at) =>
    at % classes === Math.floor(at / classes) % classes ? 1 : 0,
  );
  await session.step(
    new engine.Tensor("float32", draw(batch * input[0] * input[1] * input[2]), [batch, ...input]),
    new engine.Tensor("float32", targets, [batch, classes]),
    0.1,
  );
  const state = session.readState();
  await session.release();
  return state;
}

/** Whether the differences are small beside the values, all of a tensor together. */
function agrees(expected: Float32Array, found: Float32Array | undefined): boolean {
  if (found?.length !== expected.length) return false;
  let [difference, size] = [0, 0];
  for (const [at, value] of expected.entries()) {
    difference += (value - (found[at] as number)) ** 2;
    size += value ** 2;
  }
  return difference <= tolerance ** 2 * size;
}
