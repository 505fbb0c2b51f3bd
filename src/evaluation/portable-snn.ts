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

/** What a simulator needs of it: the network that it came from stays where it is. */
export type PortableSpiking = Omit<PortableSnn, "network">;

export function packSpiking({ network, ...snn }: Snn): PortableSpiking {
  return { ...snn, graph: snn.graph.nodes };
}

/** Verifies the graph anew, which stands for the network too: a simulator reads none. */
export function unpackSpiking(packed: PortableSpiking): Snn {
  const graph = new Graph(packed.graph);
  return { ...packed, graph, network: graph };
}

/** Verifies both graphs anew. */
export function unpackSnn(packed: PortableSnn): Snn {
  return { ...packed, graph: new Graph(packed.graph), network: new Graph(packed.network) };
}
