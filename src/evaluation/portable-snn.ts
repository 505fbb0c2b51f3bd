/**
 * A spiking network as plain data, for sending to another thread.
 *
 * Knows: what structured cloning keeps (plain objects and typed arrays) and loses (the Graph class).
 * May not know: files, workers.
 */
import { Graph } from "../graph/graph.js";
import type { GraphNode } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";

export interface PortableSnn extends Omit<Snn, "graph" | "network"> {
  readonly graph: readonly GraphNode[];
  readonly network: readonly GraphNode[];
}

export function packSnn(snn: Snn): PortableSnn {
  return { ...snn, graph: snn.graph.nodes, network: snn.network.nodes };
}

/** Verifies both graphs anew. */
export function unpackSnn(packed: PortableSnn): Snn {
  return { ...packed, graph: new Graph(packed.graph), network: new Graph(packed.network) };
}
