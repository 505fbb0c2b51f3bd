/**
 * Routing nodes as index maps: which element of which operand each output element is.
 *
 * Knows: slice, pad, concat, flatten. May not know: weights, spikes.
 */
import type { GraphNode, Shape } from "../../graph/node-types.js";

export type RoutingNode = Extract<GraphNode, { op: "slice" | "pad" | "concat" | "flatten" }>;

export function isRouting(node: GraphNode): node is RoutingNode {
  return node.op === "slice" || node.op === "pad" || node.op === "concat" || node.op === "flatten";
}

/**
 * The map of one operand: output element → element of operand `which`, or −1 where the output element
 * is zero or another operand's.
 */
export function routeOperand(
  node: RoutingNode,
  which: number,
  inputs: readonly Shape[],
  output: Shape,
): Int32Array {
  const input = inputs[which] as Shape;
  const map = new Int32Array(output[0] * output[1] * output[2]).fill(-1);
  if (node.op === "flatten") return map.map((_, index) => index);
  const firstChannel = inputs.slice(0, which).reduce((sum, shape) => sum + shape[0], 0);
  /** Coordinate of the operand that stands at `position` of the output's axis; −1 for none. */
  const follow = (axis: 0 | 1 | 2, position: number): number => {
    let at = position;
    if (node.op === "slice") at = node.attributes.start[axis] + position * node.attributes.step[axis];
    if (node.op === "pad") at = position - node.attributes.before[axis];
    if (node.op === "concat" && axis === 0) at = position - firstChannel;
    return at >= 0 && at < input[axis] ? at : -1;
  };
  let index = 0;
  for (let c = 0; c < output[0]; c++) {
    for (let y = 0; y < output[1]; y++) {
      for (let x = 0; x < output[2]; x++, index++) {
        const [ic, iy, ix] = [follow(0, c), follow(1, y), follow(2, x)];
        if (ic >= 0 && iy >= 0 && ix >= 0) map[index] = (ic * input[1] + iy) * input[2] + ix;
      }
    }
  }
  return map;
}

/** `outer` after `inner`: element i → inner[outer[i]], −1 staying −1. */
export function composeMaps(outer: Int32Array, inner: Int32Array): Int32Array {
  return outer.map((at) => (at < 0 ? -1 : (inner[at] as number)));
}
