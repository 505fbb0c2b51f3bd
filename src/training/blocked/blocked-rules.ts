/**
 * The operators' rules on blocked values, and which networks they can do.
 *
 * Knows: what the blocked operators demand of channels, batch and windows.
 * May not know: the engine (probe-blocks.ts asks it for the size of a block).
 */
import type { Graph } from "../../graph/graph.js";
import type { GraphNode, NodeOf } from "../../graph/node-types.js";
import type { OnnxBuilder } from "../onnx-builder.js";
import type { LoweringContext } from "../rules/gradient-rule.js";
import { linearRule } from "../rules/linear.js";
import type { GradientRules } from "../rules/rule-table.js";
import { blockedAddRule } from "./add.js";
import { blockedBatchNormRule } from "./batch-norm.js";
import { BlockLayout } from "./block-layout.js";
import { blockedConvRule } from "./conv.js";
import { blockedPoolRule } from "./pool.js";
import { blockedReluRule } from "./relu.js";
import { blockedShortcutRule } from "./shortcut.js";

/** Channels of the smallest block there is. */
const smallestBlock = 8;

/** @param block channels a block */
export function makeBlockedRules(block: number): GradientRules {
  const layouts = new WeakMap<OnnxBuilder, BlockLayout>();
  const layout = ({ builder }: LoweringContext) => {
    const found = layouts.get(builder) ?? new BlockLayout(builder, block);
    layouts.set(builder, found);
    return found;
  };
  return {
    conv: blockedConvRule(layout),
    "batch-norm": blockedBatchNormRule(layout),
    relu: blockedReluRule(layout),
    add: blockedAddRule(layout),
    pool: blockedPoolRule(layout),
    linear: linearRule,
    shortcut: blockedShortcutRule(layout),
    sumGradients: (a, b, context) => layout(context).add(a, b),
  };
}

/** Why a network cannot be trained on blocked values, or null where it can. */
export function explainUnblockable(graph: Graph, batch: number, block: number): string | null {
  if (batch % block !== 0) return `a batch of ${batch} is no multiple of ${block}`;
  for (const node of graph.nodes) {
    const reason = explainNode(node, graph, block);
    if (reason !== null) return `${node.id} (${node.op}): ${reason}`;
  }
  return null;
}

function explainNode(node: GraphNode, graph: Graph, block: number): string | null {
  if (node.op === "input") return null;
  const [inputs, height, width] = graph.shape(node.inputs[0] as string);
  const [outputs] = graph.shape(node.id);
  const aligned = (channels: number) => channels % block === 0;
  const misaligned = `${inputs} to ${outputs} channels are no multiples of ${block}`;
  const readsImages = node.inputs.includes(graph.input.id);
  // images lie row by row, which only a convolution from fewer channels than any block has is able to read
  if (readsImages && (node.op !== "conv" || inputs >= smallestBlock))
    return `it reads images of ${inputs} channels`;
  switch (node.op) {
    case "conv":
      return explainConv(node, aligned(outputs), readsImages || aligned(inputs), misaligned);
    case "pool": {
      const { kind, kernel } = node.attributes;
      const whole = kind === "average" && kernel[0] === height && kernel[1] === width;
      return whole ? null : "not the average over the whole map";
    }
    case "linear":
      return height * width === 1 ? null : "its input is a map";
    case "batch-norm":
    case "shortcut":
      return aligned(inputs) && aligned(outputs) ? null : misaligned;
    case "relu":
    case "add":
      return null;
    default:
      return "no blocked form";
  }
}

function explainConv(
  node: NodeOf<"conv">,
  alignedOutputs: boolean,
  readableInputs: boolean,
  misaligned: string,
): string | null {
  const { groups, dilation, padding } = node.attributes;
  if (groups !== 1 || dilation.some((each) => each !== 1)) return "groups or dilation";
  const [, , height = 1, width = 1] = node.tensors.weight?.shape ?? [];
  const [top, left, bottom, right] = padding;
  if (Math.max(top, bottom) >= height || Math.max(left, right) >= width)
    return "a border as wide as the window";
  return alignedOutputs && readableInputs ? null : misaligned;
}
