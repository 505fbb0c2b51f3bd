/**
 * Shortcuts without weights: `A` takes every second pixel, `avg` means of 2×2; both
 * add zero channels, half before and half after. The gradient of the kept channels
 * goes back to the pixels taken (A) or spreads evenly over the four (avg).
 */
import type { NodeOf } from "../../graph/node-types.js";
import { type GradientRule, type LoweringContext, onlyInput } from "./gradient-rule.js";

export const shortcutRule: GradientRule<"shortcut"> = {
  trained: [],
  tracked: [],
  lower(node, inputs, context) {
    const { builder: b } = context;
    const [channels] = context.shape(node.inputs[0] as string);
    const before = Math.floor((node.attributes.channels - channels) / 2);
    const after = node.attributes.channels - channels - before;
    const halved = b.emit("AveragePool", [onlyInput(inputs)], {
      kernel_shape: { ints: node.attributes.kind === "A" ? [1, 1] : [2, 2] },
      strides: { ints: [2, 2] },
    });
    return {
      value: b.emit("Pad", [halved, b.ints([0, before, 0, 0, 0, after, 0, 0])]),
      backward(gradient, [wanted]) {
        if (wanted !== true) return [null];
        const kept = b.emit("Slice", [gradient, b.ints([before]), b.ints([before + channels]), b.ints([1])]);
        return [emitSpread(node, kept, context)];
      },
    };
  },
};

function emitSpread(node: NodeOf<"shortcut">, gradient: string, context: LoweringContext): string {
  const [channels, height, width] = context.shape(node.inputs[0] as string);
  const [, rows, columns] = context.shape(node.id);
  const side = node.attributes.kind === "A" ? 1 : 2;
  const share = 1 / side ** 2;
  const weight = context.builder.constant(
    [channels, 1, side, side],
    new Array<number>(channels * side * side).fill(share),
  );
  return context.builder.emit("ConvTranspose", [gradient, weight], {
    group: { int: channels },
    strides: { ints: [2, 2] },
    output_padding: { ints: [height - (rows - 1) * 2 - side, width - (columns - 1) * 2 - side] },
  });
}
