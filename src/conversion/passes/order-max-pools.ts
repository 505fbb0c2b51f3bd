/**
 * `--maxpool before`: ReLU → max pool becomes max pool → ReLU, which is the same function, so that
 * the pool works on currents and the neurons stand after it.
 *
 * Knows: max(relu(x)) = relu(max(x)). May not know: how spikes pass a pool.
 */
import { Graph } from "../../graph/graph.js";
import { type GraphNode, isOp } from "../../graph/node-types.js";
import { soleMaxPool } from "../list-activations.js";
import type { Pass } from "../pass.js";

export const orderMaxPools: Pass = {
  name: "order-max-pools",
  preserves: () => "function",
  run(graph, { options, warn }) {
    if (options.maxpool === "gate") return graph;
    /** Id of the pool → its relu. */
    const swapped = new Map<string, GraphNode>();
    for (const node of graph.nodes) {
      if (!isOp(node, "relu")) continue;
      const pool = soleMaxPool(graph, node);
      if (pool !== undefined) swapped.set(pool.id, node);
      else if (
        graph.consumers(node.id).some((each) => isOp(each, "pool") && each.attributes.kind === "max")
      ) {
        warn({
          code: "maxpool-stays-gate",
          where: node.id,
          message: "others read this ReLU too, so its max pool stays behind the neurons as a gate",
        });
      }
    }
    const relus = new Set([...swapped.values()].map(({ id }) => id));
    const nodes = graph.nodes.flatMap((node): GraphNode[] => {
      if (relus.has(node.id)) return [];
      const relu = swapped.get(node.id);
      const inputs = node.inputs.map((id) => swapped.get(id)?.id ?? id);
      if (relu === undefined) return [{ ...node, inputs } as GraphNode];
      return [{ ...node, inputs: relu.inputs } as GraphNode, { ...relu, inputs: [node.id] } as GraphNode];
    });
    return new Graph(nodes);
  },
};
