/**
 * A ReLU wherever an option asks for neurons and the network has none: after average pools
 * (whose values are never negative) and after the output (whose negative logits it cuts off).
 *
 * Knows: list-activations.ts. May not know: λ.
 */
import { Graph } from "../../graph/graph.js";
import type { GraphNode } from "../../graph/node-types.js";
import type { Pass } from "../pass.js";

export const addActivations: Pass = {
  name: "add-activations",
  preserves: ({ output }) => (output === "neuron" ? "nothing" : "function"),
  run(graph, { activations }) {
    const added = new Map(
      activations.filter(({ kind }) => kind !== "relu").map((each) => [each.node, each] as const),
    );
    const nodes = graph.nodes.flatMap((node): GraphNode[] => {
      const rewired = {
        ...node,
        inputs: node.inputs.map((id) => added.get(id)?.relu ?? id),
      } as GraphNode;
      const activation = added.get(node.id);
      if (activation === undefined) return [rewired];
      const { relu: id, layer } = activation;
      return [rewired, { id, op: "relu", inputs: [node.id], attributes: { layer, max: null }, tensors: {} }];
    });
    return new Graph(nodes);
  },
};
