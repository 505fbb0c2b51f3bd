/**
 * Which adjustment is asked for, and the images and activations that it looks at.
 *
 * Knows: the calibration images, the network's own values. May not know: what is changed in a layer.
 */
import { spreadEvenly } from "../../core/spread-evenly.js";
import type { Graph } from "../../graph/graph.js";
import type { Preprocessing } from "../../graph/preprocessing.js";
import type { Snn } from "../../graph/snn.js";
import type { ConversionContext } from "../conversion-context.js";
import { type ConvertOptions, stepsLeftOut, stepsNotFitted } from "../convert-options.js";
import { openLayerValues } from "../layer-values.js";
import type { Activation } from "../list-activations.js";
import type { ActivationScale } from "../pass.js";
import { scaleOfLayer } from "../scale-activations.js";
import { mostSpikeBytes } from "../spike-memory.js";
import { adjustLayers } from "./adjust-layers.js";
import type { AdjustmentReport } from "./adjustment.js";

export interface AdjustmentRequest {
  /** The spiking graph in float32. */
  readonly graph: Graph;
  readonly network: Graph;
  readonly preprocessing: Preprocessing;
  readonly activations: readonly Activation[];
  readonly scales: ReadonlyMap<string, ActivationScale>;
  readonly options: ConvertOptions;
  readonly context: ConversionContext;
  /** The deployed form of a graph, number format applied. */
  readonly deploy: (graph: Graph) => Snn;
}

export interface AdjustmentOutcome {
  readonly graph: Graph;
  readonly report: AdjustmentReport | null;
}

/** 1. images; 2. what the layers should say; 3. layer by layer. */
export async function runAdjustment(request: AdjustmentRequest): Promise<AdjustmentOutcome> {
  const { graph, activations, scales, options, context, deploy } = request;
  const { adjust, adjustScope: scope, T: steps } = options;
  if (adjust === "off") return { graph, report: null };
  const { simulation, signal, onProgress } = context;
  if (simulation === undefined) throw new RangeError("adjusting layers needs a simulation");
  const delay = stepsNotFitted(options);
  const readsAll = stepsLeftOut(options) === 0;
  // 1.
  const images = spreadEvenly(context.calibration.indices, options.adjustN);
  // 2.
  const layers = listLayers(graph, activations);
  const nodeOf = new Map(layers.map(({ layer, node }) => [layer, node]));
  const valuesOf = openLayerValues(request, [...nodeOf.values()], images);
  // 3.
  const adjusted = await adjustLayers(graph, {
    layers: layers.map(({ layer }) => layer),
    deploy,
    replay(snn, layer, given) {
      signal?.throwIfAborted();
      return simulation.replayLayer(snn, layer, given, images, steps, delay);
    },
    spikeBytes: context.spikeBytes ?? mostSpikeBytes,
    activationOf: (layer) => valuesOf(nodeOf.get(layer) as string),
    scaleOf: (layer) => scaleOfLayer(layer, activations, scales),
    images: images.length,
    steps,
    delay,
    readsAll,
    withPotential: adjust === "bias+potential",
    scope,
    progress: (done, total) => onProgress?.({ phase: "adjust layers", done, total, unit: "layers" }),
  });
  const first = readsAll ? "currents" : "potentials";
  const told = { method: adjust, scope, first, images: images.length, steps, delay } as const;
  return { graph: adjusted.graph, report: { ...told, layers: adjusted.layers } };
}

/** Layers that the graph has, in its order. */
function listLayers(graph: Graph, activations: readonly Activation[]): readonly Activation[] {
  return graph.nodes.flatMap(({ id }) => activations.filter(({ layer }) => layer === id));
}
