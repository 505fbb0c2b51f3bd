/**
 * A graph as text, one node a line, for people and golden tests.
 *
 * Knows: nodes and shapes. May not know: weights beyond their shapes.
 */
import type { Graph } from "./graph.js";
import type { GraphNode } from "./node-types.js";

/**
 * One node a line: id, operator, inputs, shape, attributes, tensors.
 *
 * @example
 * ```ts
 * import { loadModel, printGraph } from "respike";
 *
 * const { graph } = await loadModel("networks/mnist-resnet8.safetensors");
 * console.log(printGraph(graph).split("\n")[1]?.split(/\s+/).slice(0, 4).join(" ")); // conv1 conv input [16,28,28]
 * ```
 */
export function printGraph(graph: Graph): string {
  const rows = graph.nodes.map((node) => [
    node.id,
    node.op,
    node.inputs.join(" + ") || "-",
    `[${graph.shape(node.id).join(",")}]`,
    [...printAttributes(node), ...printTensors(node)].join(" "),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function printAttributes(node: GraphNode): string[] {
  return sortEntries(node.attributes).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
}

function printTensors(node: GraphNode): string[] {
  return sortEntries(node.tensors).map(
    ([name, tensor]) => `${name}:${tensor.dtype}[${tensor.shape.join(",")}]`,
  );
}

/** Entries by name, so that a graph prints the same however it was made. */
function sortEntries<V extends object>(record: V): [string, V[keyof V]][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
