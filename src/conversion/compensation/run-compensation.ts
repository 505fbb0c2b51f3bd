/**
 * Which compensation is asked for, and on which images it is judged.
 *
 * Knows: the contract's counts of images. May not know: how factors are searched.
 */
import { predictClasses } from "../../core/predict-class.js";
import { refuseUsage, type Warning } from "../../core/respike-error.js";
import type { Graph } from "../../graph/graph.js";
import type { Preprocessing } from "../../graph/preprocessing.js";
import type { Snn } from "../../graph/snn.js";
import type { ConversionContext } from "../conversion-context.js";
import type { ConvertOptions } from "../convert-options.js";
import { openLayerValues } from "../layer-values.js";
import type { Activation } from "../list-activations.js";
import type { ActivationScale } from "../pass.js";
import { scaleOfLayer } from "../scale-activations.js";
import { mostSpikeBytes } from "../spike-memory.js";
import { compensateLayers } from "./compensate-layer.js";
import { compensateShared } from "./compensate-shared.js";
import { type CompensationBench, type CompensationReport, compensationJudges } from "./compensation.js";
import { openSearchMemory } from "./search-memory.js";

/** Calibration images that τ_max is measured on: the first so many. */
const boundImages = 256;

export interface CompensationRequest {
  readonly graph: Graph;
  readonly network: Graph;
  readonly preprocessing: Preprocessing;
  readonly activations: readonly Activation[];
  readonly scales: ReadonlyMap<string, ActivationScale>;
  readonly options: ConvertOptions;
  readonly context: ConversionContext;
  readonly deploy: (graph: Graph, kappas: ReadonlyMap<string, number>) => Snn;
  readonly warn: (warning: Warning) => void;
}

export interface CompensationOutcome {
  readonly graph: Graph;
  readonly kappas: ReadonlyMap<string, number>;
  readonly report: CompensationReport | null;
}

/** 1. the images that judge; 2. the bench and the network's own values; 3. the search. */
export async function runCompensation(request: CompensationRequest): Promise<CompensationOutcome> {
  const { graph, network, activations, scales, options, context } = request;
  const { compensate } = options;
  if (compensate === "off") return { graph, kappas: new Map(), report: null };
  // 1.
  const { calibration } = context;
  const judging = calibration.judgingIndices.slice(0, compensationJudges[compensate]);
  if (judging.length === 0) throw refuseNoJudges(compensate);
  // 2.
  const bench = await makeBench(request, compensate, judging);
  const nodeOf = new Map(activations.map(({ layer, node }) => [layer, node]));
  const valuesOf = openLayerValues(request, [...nodeOf.values(), network.output.id], judging);
  // 3.
  if (compensate === "shared") {
    const logits = await valuesOf(network.output.id);
    const networkPredictions = predictClasses(logits, judging.length);
    const bound = calibration.indices.slice(0, boundImages);
    return compensateShared(bench, { calibration: bound, judging, networkPredictions });
  }
  return compensateLayers(bench, {
    count: judging.length,
    replay: (snn, layer, given) => bench.simulation.replayLayer(snn, layer, given, judging, options.T, 0),
    spikeBytes: context.spikeBytes ?? mostSpikeBytes,
    activationOf: (layer) => valuesOf(nodeOf.get(layer) as string),
    scaleOf: (layer) => scaleOfLayer(layer, activations, scales),
  });
}

async function makeBench(
  request: CompensationRequest,
  method: "shared" | "layer",
  judging: Uint32Array,
): Promise<CompensationBench> {
  const { graph, network, activations, deploy, options, context, warn } = request;
  const { simulation, signal, onProgress, calibration, cache } = context;
  if (simulation === undefined) throw new RangeError("compensation needs a simulation");
  const unit = method === "shared" ? "factors" : "layers";
  const memory = await openSearchMemory(cache, {
    method,
    graph,
    plain: () => deploy(graph, new Map()),
    network,
    source: calibration.source,
    indices: Uint32Array.from([...judging, ...calibration.indices.slice(0, boundImages)]),
    steps: options.T,
  });
  return {
    graph,
    layers: activations.map(({ layer }) => layer),
    deploy,
    simulation,
    memory,
    steps: options.T,
    signal,
    say: warn,
    progress: (done, total) => onProgress?.({ phase: `compensation ${method}`, done, total, unit }),
  };
}

function refuseNoJudges(method: string) {
  return refuseUsage({
    code: "no-judging-images",
    where: "--compensate",
    rule: "training images are left to judge compensation",
    value: `${method}, but the calibration data has fewer than 10 images`,
    next: "give more calibration data, or leave compensation out",
  });
}
