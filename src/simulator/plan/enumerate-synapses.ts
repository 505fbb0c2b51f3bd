/**
 * Every synapse of a group, one by one.
 *
 * Knows: conv, linear, affine and resolved routing. May not know: speed; use it for lists, bounds and counts.
 */
import type { SynapseGroup } from "./snn-plan.js";

/** Element of the source, element of the target (both row-major [C,H,W]), weight (0 included). */
export type VisitSynapse = (source: number, target: number, weight: number) => void;

/** Visits all pairs joined by a weight, borders and strides exact; targets ascending, then sources of the weighted input. */
export function forEachSynapse(group: SynapseGroup, visit: VisitSynapse): void {
  const { node, inputMap, targetMap } = group;
  const link = (input: number, target: number, weight: number) => {
    const source = inputMap[input] as number;
    if (source >= 0) visit(source, target, weight);
  };
  for (let target = 0; target < targetMap.length; target++) {
    const element = targetMap[target] as number;
    if (element < 0) continue;
    if (node.op === "affine") {
      const area = group.inputShape[1] * group.inputShape[2];
      const scale = node.tensors.scale?.data as ArrayLike<number>;
      link(element, target, scale[Math.floor(element / area)] as number);
    } else if (node.op === "linear") {
      const weight = node.tensors.weight?.data as ArrayLike<number>;
      for (let i = 0; i < inputMap.length; i++)
        link(i, target, weight[element * inputMap.length + i] as number);
    } else visitWindow(group, element, (input, weight) => link(input, target, weight));
  }
}

/** The weighted input elements in the window of one output element of a conv. */
function visitWindow(
  group: SynapseGroup,
  element: number,
  visit: (input: number, weight: number) => void,
): void {
  if (group.node.op !== "conv") return;
  const { stride, padding, dilation, groups } = group.node.attributes;
  const weight = group.node.tensors.weight?.data as ArrayLike<number>;
  const [outputs = 1, perGroup = 1, kernelHeight = 1, kernelWidth = 1] =
    group.node.tensors.weight?.shape ?? [];
  const [, height, width] = group.inputShape;
  const [, outHeight, outWidth] = group.outputShape;
  const o = Math.floor(element / (outHeight * outWidth));
  const top = (Math.floor(element / outWidth) % outHeight) * stride[0] - padding[0];
  const left = (element % outWidth) * stride[1] - padding[1];
  const firstInput = Math.floor(o / (outputs / groups)) * perGroup;
  for (let i = 0; i < perGroup; i++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      const y = top + ky * dilation[0];
      if (y < 0 || y >= height) continue;
      for (let kx = 0; kx < kernelWidth; kx++) {
        const x = left + kx * dilation[1];
        if (x < 0 || x >= width) continue;
        const w = weight[((o * perGroup + i) * kernelHeight + ky) * kernelWidth + kx] as number;
        visit(((firstInput + i) * height + y) * width + x, w);
      }
    }
  }
}
