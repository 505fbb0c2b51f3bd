/**
 * A node's tensor as ordinary numbers.
 *
 * Knows: element types. May not know: what the numbers are for.
 */
import type { GraphNode } from "../graph/node-types.js";

/** A float64 copy of a tensor; throws a RangeError where the node has none of that name (a defect of the caller). */
export function readNumbers(node: Pick<GraphNode, "id" | "tensors">, name: string): Float64Array {
  const tensor = node.tensors[name];
  if (tensor === undefined || tensor.dtype === "int64") {
    throw new RangeError(`${node.id} has no numeric tensor '${name}'`);
  }
  return Float64Array.from(tensor.data as Float32Array);
}
