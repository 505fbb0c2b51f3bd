/**
 * Shortcuts without weights into what they do: option A takes every second pixel (slice), `avg`
 * averages 2×2 (pool); both then add zero channels, half before and half after (pad).
 *
 * Knows: He et al. 2015, option A. May not know: normalisation.
 */
import type { GraphNode, NodeOf, Shape } from "../../graph/node-types.js";
import { isOp } from "../../graph/node-types.js";
import type { Pass } from "../pass.js";

export const lowerShortcuts: Pass = {
  name: "lower-shortcuts",
  preserves: () => "function",
  run: (graph) =>
    graph.rewrite((node) =>
      isOp(node, "shortcut") ? lower(node, graph.shape(node.inputs[0] as string)) : node,
    ),
};

function lower(node: NodeOf<"shortcut">, input: Shape): GraphNode[] {
  const half = (node.attributes.channels - input[0]) / 2;
  const taken: GraphNode =
    node.attributes.kind === "A"
      ? {
          id: `${node.id}.pixels`,
          op: "slice",
          inputs: node.inputs,
          attributes: { start: [0, 0, 0], stop: input, step: [1, 2, 2] },
          tensors: {},
        }
      : {
          id: `${node.id}.pixels`,
          op: "pool",
          inputs: node.inputs,
          attributes: { kind: "average", kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] },
          tensors: {},
        };
  const padded: GraphNode = {
    id: node.id,
    op: "pad",
    inputs: [taken.id],
    attributes: { before: [half, 0, 0], after: [half, 0, 0] },
    tensors: {},
  };
  return [taken, padded];
}
