/**
 * The network's multiply-accumulates that an image really needs: those without zero activations and weights.
 *
 * Knows: which nodes weighted nodes read. May not know: spikes.
 */
import type { Graph } from "../graph/graph.js";
import { countMacsByInput, listWeightedNodes } from "./count-operations.js";

/** Node that weighted nodes read → multiply-accumulates that each of its elements takes part in, [C,H,W]. */
export type MacTables = ReadonlyMap<string, Float64Array>;

export function makeMacTables(network: Graph): MacTables {
  const tables = new Map<string, Float64Array>();
  for (const node of listWeightedNodes(network)) {
    const links = countMacsByInput(network, node, true);
    const [id = ""] = node.inputs;
    const others = tables.get(id);
    tables.set(id, others === undefined ? links : links.map((count, at) => count + (others[at] as number)));
  }
  return tables;
}

/** Σ over images and elements whose value is not 0. @param values of each node of the tables, [n,C,H,W] */
export function countEffectiveMacs(
  tables: MacTables,
  values: ReadonlyMap<string, Float32Array>,
  n: number,
): number {
  let sum = 0;
  for (const [id, links] of tables) {
    const activations = values.get(id) as Float32Array;
    for (let image = 0; image < n; image++) sum += sumWhereNotZero(activations, image * links.length, links);
  }
  return sum;
}

function sumWhereNotZero(values: Float32Array, from: number, links: Float64Array): number {
  const bits = new Int32Array(values.buffer, values.byteOffset + from * 4, links.length);
  let sum = 0;
  for (let at = 0; at < links.length; at++) {
    // A branch would be guessed wrongly every other time: all but the sign, 0 where the value is ±0, else with bit 31 here.
    const magnitude = (bits[at] as number) << 1;
    sum += (links[at] as number) * ((magnitude | -magnitude) >>> 31);
  }
  return sum;
}
