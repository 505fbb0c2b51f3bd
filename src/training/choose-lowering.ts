/**
 * Which of the two lowerings a network is trained with.
 *
 * Knows: what the engine and the blocked operators can do. May not know: how values are computed.
 */
import { refuseUsage } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import { explainUnblockable, makeBlockedRules } from "./blocked/blocked-rules.js";
import { checkBlocks } from "./blocked/check-blocks.js";
import { probeBlocks } from "./blocked/probe-blocks.js";
import type { Engine } from "./load-engine.js";
import type { LoweringChoice } from "./lowering-choice.js";
import { type GradientRules, gradientRules, productRules } from "./rules/rule-table.js";
import type { TrainingDevice } from "./training-device.js";

export interface ChosenLowering {
  /** `plain`, or `blocked by 16`. */
  readonly name: string;
  readonly rules: GradientRules;
}

const absent = "the engine has no blocked operators here that agree with the plain ones";

/**
 * On another device than the CPU the lowering is the plain one, with ∂w as matrix products.
 *
 * @throws RespikeError (exit 2) where `blocked` is asked for and cannot be had
 */
export async function chooseLowering(
  engine: Engine,
  graph: Graph,
  batch: number,
  choice: LoweringChoice,
  device: TrainingDevice = "cpu",
): Promise<ChosenLowering> {
  const plain = { name: "plain", rules: device === "cpu" ? gradientRules : productRules };
  if (choice === "plain" || (choice === "auto" && device !== "cpu")) return plain;
  if (device !== "cpu") throw refuseBlocks(`blocked operators run on the CPU alone, not on ${device}`);
  const block = await probeBlocks(engine);
  const rules = block === null ? null : makeBlockedRules(block);
  const reason = block === null || rules === null ? absent : explainUnblockable(graph, batch, block);
  if (block !== null && rules !== null && reason === null && (await checkBlocks(engine, block, rules))) {
    return { name: `blocked by ${block}`, rules };
  }
  if (choice === "auto") return plain;
  throw refuseBlocks(reason ?? absent);
}

function refuseBlocks(value: string) {
  return refuseUsage({
    code: "cannot-block",
    where: "--lowering blocked",
    rule: "the engine and the network allow blocked values",
    value,
    next: "leave --lowering out, or write --lowering plain",
  });
}
