/**
 * Which channel of which operand a channel of a value comes from, and scales carried along.
 *
 * Knows: nodes that pass values on unweighted: slice, pad, concat, flatten, pool.
 * May not know: weights, what scales stand for.
 */
import { refuseInput } from "../core/respike-error.js";
import type { Graph } from "../graph/graph.js";
import { nodeProblem } from "../graph/node-rules.js";
import { type GraphNode, isOp } from "../graph/node-types.js";

/** Nodes that carry each channel's scale through unchanged. */
export type PassingNode = Extract<GraphNode, { op: "slice" | "pad" | "concat" | "flatten" | "pool" }>;

export function isPassing(node: GraphNode): node is PassingNode {
  return isOp(node, "slice", "pad", "concat", "flatten", "pool");
}

/** A channel of an operand. */
export interface ChannelOrigin {
  readonly which: number;
  readonly channel: number;
}

/** For each output channel its origin; null where the channel is zero. */
export function channelOrigins(graph: Graph, node: PassingNode): readonly (ChannelOrigin | null)[] {
  const [channels] = graph.shape(node.id);
  const inputs = node.inputs.map((id) => graph.shape(id));
  const [first] = inputs;
  if (first === undefined) throw new RangeError(`${node.id} has no input`);
  const all = Array.from({ length: channels }, (_, j) => j);
  const from = (channel: number) => ({ which: 0, channel });
  switch (node.op) {
    case "pool":
      return all.map(from);
    case "flatten":
      return all.map((j) => from(Math.floor(j / (first[1] * first[2]))));
    case "slice":
      return all.map((j) => from(node.attributes.start[0] + j * node.attributes.step[0]));
    case "pad": {
      const [before] = node.attributes.before;
      return all.map((j) => (j >= before && j < before + first[0] ? from(j - before) : null));
    }
    case "concat":
      return inputs.flatMap((shape, which) =>
        Array.from({ length: shape[0] }, (_, channel) => ({ which, channel })),
      );
  }
}

/** The scale of each output channel from those of the operands; 1 where a channel is zero. */
export function carryForward(graph: Graph, node: PassingNode, scales: readonly Float64Array[]): Float64Array {
  return Float64Array.from(channelOrigins(graph, node), (origin) =>
    origin === null ? 1 : (scales[origin.which]?.[origin.channel] as number),
  );
}

/**
 * The scale that operand `which` must have for the output to have `scale`; 1 where a channel is not used.
 *
 * @throws RespikeError (exit 3) where one channel would need two scales
 */
export function carryBackward(
  graph: Graph,
  node: PassingNode,
  which: number,
  scale: Float64Array,
): Float64Array {
  const [channels] = graph.shape(node.inputs[which] as string);
  const wanted: (number | undefined)[] = new Array(channels).fill(undefined);
  for (const [j, origin] of channelOrigins(graph, node).entries()) {
    if (origin === null || origin.which !== which) continue;
    const before = wanted[origin.channel];
    if (before !== undefined && before !== scale[j]) {
      throw refuseInput({
        ...nodeProblem(
          node,
          "all that comes from one channel has one scale",
          `${before} and ${scale[j]}`,
          "use --lambda-scope layer",
        ),
        code: "not-convertible",
      });
    }
    wanted[origin.channel] = scale[j];
  }
  return Float64Array.from(wanted, (value) => value ?? 1);
}
