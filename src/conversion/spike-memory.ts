/**
 * What layers that are done with sent on the images, kept while a later layer has yet to be fitted to it.
 *
 * Knows: who reads whom, how much may be kept, where a network is cut off to begin with what is kept. May not know: what spikes look
 * like, how they are simulated.
 *
 * Of a residual network these are the layer before and the one where the block begins. A layer for which there is no room
 * is not kept: whoever needs it simulates it anew, with the layers before it.
 */
import type { Graph } from "../graph/graph.js";
import type { Snn } from "../graph/snn.js";
import type { LayerRun, SpikeTrain } from "./simulation.js";
import { truncateSnn } from "./truncate-snn.js";

/** Bytes that are held at once, unless a context says otherwise: 1 GiB. */
export const mostSpikeBytes = 2 ** 30;

export class SpikeMemory {
  readonly #kept = new Map<string, SpikeTrain>();
  /** Layer → the place of the last layer that reads it. */
  readonly #lastReader: ReadonlyMap<string, number>;

  /**
   * @param layers fitted one after the other, in topological order
   * @param budget bytes of spikes that are kept at once, at most
   */
  constructor(
    graph: Graph,
    private readonly layers: readonly string[],
    private readonly budget: number,
  ) {
    const all = new Set(layers);
    this.#lastReader = new Map(
      layers.flatMap((layer, place) => listRead(graph, layer, all).map((id) => [id, place] as const)),
    );
  }

  /** Layer → what it sent. */
  get kept(): ReadonlyMap<string, SpikeTrain> {
    return this.#kept;
  }

  /** Keeps a layer that is done with, and lets go what no layer after it reads. */
  keep(layer: string, sent: SpikeTrain): void {
    const place = this.layers.indexOf(layer);
    this.#kept.set(layer, sent);
    for (const id of this.#kept.keys()) {
      if ((this.#lastReader.get(id) ?? -1) <= place) this.#kept.delete(id);
    }
    if (this.bytes > this.budget) this.#kept.delete(layer);
  }

  get bytes(): number {
    const pieces = [...this.#kept.values()].flat();
    return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}

/** A layer at T on the images; those `given` send what they sent. `snn` ends at the layer. */
export type ReplayLayer = (
  snn: Snn,
  layer: string,
  given: ReadonlyMap<string, SpikeTrain>,
) => Promise<LayerRun>;

/** The layer of a network, the kept ones before it sending what they sent. */
export function replayFromKept(
  snn: Snn,
  layer: string,
  kept: ReadonlyMap<string, SpikeTrain>,
  replay: ReplayLayer,
): Promise<LayerRun> {
  const end = truncateSnn(snn, layer, new Set(kept.keys()));
  return replay(end, layer, new Map([...kept].filter(([id]) => end.graph.has(id))));
}

/** Layers of `all` from which a way leads to `layer` that meets no other of them. */
function listRead(graph: Graph, layer: string, all: ReadonlySet<string>): readonly string[] {
  const met = new Set(graph.node(layer).inputs);
  for (const id of met) {
    if (!all.has(id)) for (const input of graph.node(id).inputs) met.add(input);
  }
  return [...met].filter((id) => all.has(id));
}
