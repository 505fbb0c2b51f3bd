/**
 * Which adjustment is asked for, and the images and activations that it looks at.
 *
 * Knows: the calibration images, the network's own values. May not know: what is changed in a layer.
 */
import { spreadEvenly } from "../../core/spread-evenly.js";
import { countElements } from "../../core/tensor.js";
import type { Graph } from "../../graph/graph.js";
import type { Preprocessing } from "../../graph/preprocessing.js";
import type { Snn } from "../../graph/snn.js";
import type { ConversionContext } from "../conversion-context.js";
import { type ConvertOptions, stepsLeftOut, stepsNotFitted } from "../convert-options.js";
import { computeFloatValues } from "../float-values.js";
import { readTasks } from "../image-source.js";
import type { Activation } from "../list-activations.js";
import type { ActivationScale } from "../pass.js";
import { scaleOfLayer } from "../scale-activations.js";
import { adjustLayers } from "./adjust-layers.js";
import type { AdjustmentReport } from "./adjustment.js";

const batch = 8;
/** Values of the network that are held at once: 128 MiB of them. */
const mostValues = 2 ** 25;
/** Bytes of spikes that are held at once: 1 GiB. */
const mostSpikes = 2 ** 30;

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
  const activationOf = readInGroups(request, layers, images);
  // 3.
  const adjusted = await adjustLayers(graph, {
    layers: layers.map(({ layer }) => layer),
    deploy,
    replay(snn, layer, given) {
      signal?.throwIfAborted();
      return simulation.replayLayer(snn, layer, given, images, steps, delay);
    },
    spikeBytes: context.spikeBytes ?? mostSpikes,
    activationOf,
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

/** Activations by layer, computed for as many following layers at once as memory allows. */
function readInGroups(
  request: AdjustmentRequest,
  layers: readonly Activation[],
  images: Uint32Array,
): (layer: string) => Promise<Float32Array> {
  const { network } = request;
  let known = new Map<string, Float32Array>();
  return async (layer) => {
    const from = layers.findIndex((each) => each.layer === layer);
    const wanted = (layers[from] as Activation).node;
    if (!known.has(wanted)) {
      const group: string[] = [];
      let values = 0;
      for (const { node } of layers.slice(from)) {
        values += images.length * countElements(network.shape(node));
        if (group.length > 0 && values > mostValues) break;
        group.push(node);
      }
      known = await readValues(request, images, group);
    }
    return known.get(wanted) as Float32Array;
  };
}

async function readValues(
  { network, preprocessing, context }: AdjustmentRequest,
  images: Uint32Array,
  keep: readonly string[],
): Promise<Map<string, Float32Array>> {
  const { runner, calibration, signal, wasmUrl } = context;
  const shared = { graph: network, preprocessing, keep, wasmUrl: wasmUrl?.href };
  const tasks = readTasks(calibration.source, images, batch, preprocessing);
  return computeFloatValues(runner, shared, tasks, images.length, batch, signal);
}
