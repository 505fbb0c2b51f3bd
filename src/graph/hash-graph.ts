/**
 * What tells two graphs apart, as a hash.
 *
 * Knows: nodes, attributes, tensors. May not know: what a graph is for.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { stableJson, viewBytes } from "../core/sha256.js";
import type { Graph } from "./graph.js";

/** SHA-256 of a graph: its nodes, attributes and tensors. */
export function hashGraph(graph: Graph): string {
  const hash = sha256.create();
  for (const { id, op, inputs, attributes, tensors } of graph.nodes) {
    const shapes = Object.entries(tensors)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { dtype, shape }]) => [name, dtype, shape]);
    hash.update(new TextEncoder().encode(stableJson({ id, op, inputs, attributes, shapes })));
    for (const [name] of shapes) {
      const tensor = tensors[name as string];
      if (tensor !== undefined) hash.update(viewBytes(tensor.data));
    }
  }
  return bytesToHex(hash.digest());
}
