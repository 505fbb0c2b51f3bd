/**
 * Which weighted nodes are shortcuts: the operand of a sum that begins further up than another operand.
 *
 * Knows: sums and where their operands come from. May not know: names, architectures.
 */
import type { Graph } from "../graph/graph.js";
import { type GraphNode, isOp } from "../graph/node-types.js";
import { isWeighted } from "./scale-weights.js";

/** What an operand of a sum is made of, up to the activations or the image that it comes from. */
interface Branch {
  readonly sources: ReadonlySet<string>;
  readonly weighted: readonly string[];
}

/** Ids of the conv, linear and affine nodes that stand in shortcuts. */
export function findProjections(graph: Graph): ReadonlySet<string> {
  const ancestors = new Map<string, ReadonlySet<string>>();
  for (const node of graph.nodes) {
    ancestors.set(
      node.id,
      new Set(node.inputs.flatMap((id) => [id, ...(ancestors.get(id) as ReadonlySet<string>)])),
    );
  }
  const isBefore = (a: Branch, b: Branch) =>
    [...a.sources].every((source) => [...b.sources].some((other) => ancestors.get(other)?.has(source)));
  const projections = new Set<string>();
  for (const node of graph.nodes) {
    if (!isOp(node, "add")) continue;
    const branches = node.inputs.map((id) => traceBranch(graph, graph.node(id)));
    for (const branch of branches) {
      if (branches.some((other) => other !== branch && isBefore(branch, other))) {
        for (const id of branch.weighted) projections.add(id);
      }
    }
  }
  return projections;
}

function traceBranch(graph: Graph, node: GraphNode): Branch {
  if (isOp(node, "relu", "input")) return { sources: new Set([node.id]), weighted: [] };
  const parts = node.inputs.map((id) => traceBranch(graph, graph.node(id)));
  return {
    sources: new Set(parts.flatMap(({ sources }) => [...sources])),
    weighted: [...parts.flatMap(({ weighted }) => weighted), ...(isWeighted(node) ? [node.id] : [])],
  };
}
