/**
 * One number a channel, carried along routing and pooling nodes.
 *
 * Knows: where each of these nodes puts its input's channels. May not know: what the numbers are.
 */
import type { Graph } from "../graph/graph.js";
import { type GraphNode, isOp } from "../graph/node-types.js";

/** Nodes that move values about or pool them, and leave a channel's scale as it is. */
export function isRouting(node: GraphNode): boolean {
  return isOp(node, "slice", "pad", "concat", "flatten", "pool");
}

/**
 * The vector of a routing node's output from those of its inputs, one number a channel each.
 *
 * @param filler for channels of zeros that a pad adds
 */
export function carryChannels(
  graph: Graph,
  node: GraphNode,
  inputs: readonly (readonly number[])[],
  filler: number,
): readonly number[] {
  const [first = []] = inputs;
  switch (node.op) {
    case "concat":
      return inputs.flat();
    case "pad": {
      const { before, after } = node.attributes;
      const fill = (n: number) => new Array<number>(n).fill(filler);
      return [...fill(before[0]), ...first, ...fill(after[0])];
    }
    case "slice": {
      const { start, stop, step } = node.attributes;
      return first.slice(start[0], stop[0]).filter((_, at) => at % step[0] === 0);
    }
    case "flatten": {
      const [, height, width] = graph.shape(node.inputs[0] as string);
      return first.flatMap((value) => new Array<number>(height * width).fill(value));
    }
    default:
      return first;
  }
}
