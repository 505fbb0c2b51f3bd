/**
 * Shortcuts without weights, on blocked values: a convolution with a constant weight, for zero
 * channels before the others would shift every block. A: 1×1 of 1; avg: 2×2 of ¼; stride 2.
 */
import type { NodeOf } from "../../graph/node-types.js";
import type { ConvGeometry } from "../rules/conv-geometry.js";
import { type GradientRule, type LoweringContext, onlyInput } from "../rules/gradient-rule.js";
import type { BlockLayout } from "./block-layout.js";
import { emitConv } from "./conv.js";
import { emitInputGradient } from "./input-gradient.js";

export function blockedShortcutRule(
  block: (context: LoweringContext) => BlockLayout,
): GradientRule<"shortcut"> {
  return {
    trained: [],
    tracked: [],
    lower(node, inputs, context) {
      const layout = block(context);
      const geometry = describeGeometry(node, context);
      const weight = emitSelection(layout, geometry);
      return {
        value: emitConv(layout, geometry, onlyInput(inputs), weight),
        backward: (gradient, [wanted]) => [
          wanted === true ? emitInputGradient(layout, geometry, weight, gradient) : null,
        ],
      };
    },
  };
}

function describeGeometry(node: NodeOf<"shortcut">, context: LoweringContext): ConvGeometry {
  const side = node.attributes.kind === "A" ? 1 : 2;
  return {
    input: [context.batch, ...context.shape(node.inputs[0] as string)],
    output: [context.batch, ...context.shape(node.id)],
    kernel: [side, side],
    stride: [2, 2],
    padding: [0, 0, 0, 0],
  };
}

/** w[o,i] = 1/area where o is i's place after the zero channels. */
function emitSelection({ builder }: BlockLayout, { input, output, kernel }: ConvGeometry): string {
  const [inputs, outputs, area] = [input[1], output[1], kernel[0] * kernel[1]];
  const before = Math.floor((outputs - inputs) / 2);
  const values = new Array<number>(outputs * inputs * area).fill(0);
  for (let channel = 0; channel < inputs; channel++) {
    const start = ((before + channel) * inputs + channel) * area;
    values.fill(1 / area, start, start + area);
  }
  return builder.constant([outputs, inputs, ...kernel], values);
}
