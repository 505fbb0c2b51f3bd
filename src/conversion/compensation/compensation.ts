/**
 * What both ways of layer-wise compensation share: factors on layers, and what they gained.
 *
 * Knows: layers with neurons, how many images judge. May not know: how factors are searched.
 */
import type { Warning } from "../../core/respike-error.js";
import type { Graph } from "../../graph/graph.js";
import type { Snn } from "../../graph/snn.js";
import { scaleLayers } from "../scale-layer.js";
import type { Simulation } from "../simulation.js";
import type { SearchMemory } from "./search-memory.js";

/** Held-back images that each way is judged on: the first so many. */
export const compensationJudges = { shared: 1000, layer: 64 } as const;

export interface TriedFactor {
  readonly factor: number;
  /** Images that agree with the network (`shared`), or the layer's relative squared error (`layer`). */
  readonly score: number;
  /** `shared`: images that it was given up after, as it could not win any more; `score` are those of them that agree. */
  readonly images?: number | undefined;
}

export interface LayerFactor {
  readonly name: string;
  readonly kappa: number;
  /** Score with factor 1, and with the factor chosen. */
  readonly before: number;
  readonly after: number;
  readonly tried: readonly TriedFactor[];
}

/** What compensation found; a gain is reported also where it is nil or negative. */
export interface CompensationReport {
  readonly method: "shared" | "layer";
  readonly criterion: "agreement" | "relative squared error";
  readonly images: number;
  /** `shared`: the bound 1/(largest rate of the last layer); null where it has none. */
  readonly largestFactor: number | null;
  /** `shared`: one entry, named `all layers`. */
  readonly factors: readonly LayerFactor[];
}

/** What a search works with. */
export interface CompensationBench {
  /** The spiking graph in float32, and the network's layers in topological order. */
  readonly graph: Graph;
  readonly layers: readonly string[];
  /** The deployed form of a graph (number format applied) with the factors of its layers. */
  readonly deploy: (graph: Graph, kappas: ReadonlyMap<string, number>) => Snn;
  readonly simulation: Simulation;
  readonly memory: SearchMemory;
  readonly steps: number;
  readonly signal?: AbortSignal | undefined;
  readonly say: (warning: Warning) => void;
  readonly progress: (done: number, total: number) => void;
}

export interface Compensated {
  readonly graph: Graph;
  readonly kappas: ReadonlyMap<string, number>;
  readonly report: CompensationReport;
}

/** The graph with each layer's weights, shortcuts and constant current times its factor. */
export function applyFactors(graph: Graph, kappas: ReadonlyMap<string, number>): Graph {
  const factors = new Map<string, Float64Array>();
  for (const [layer, kappa] of kappas) {
    if (kappa !== 1) factors.set(layer, new Float64Array(graph.shape(layer)[0]).fill(kappa));
  }
  return factors.size === 0 ? graph : scaleLayers(graph, factors);
}
