/**
 * Layer by layer, from input to output: constant currents, then initial potentials, such that the layer's estimates
 * are right in the mean over training images, all layers before it already adjusted.
 *
 * Knows: what is changed, judged and kept. May not know: simulators, which images.
 *
 * `bias` adds the mean over images and positions of (a − y)/λ to the constant current of each channel; `potential` adds T
 * times the mean over images of (a − y)/λ to V(0), for each channel or neuron. Either is kept only where the layer's squared error
 * falls, integers included. After Li et al., A Free Lunch From ANN, ICML 2021 (arXiv 2106.06984), who calibrate in parallel.
 *
 * The layers before send what they sent when they were adjusted (spike-memory.ts), so that each simulation is one of the layer
 * alone: two, three with potentials.
 */
import type { Graph } from "../../graph/graph.js";
import type { NodeOf } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";
import type { ActivationScale } from "../pass.js";
import type { LayerRun, SpikeTrain } from "../simulation.js";
import { truncateSnn } from "../truncate-snn.js";
import {
  type AdjustedLayer,
  averageChannels,
  type LayerMisfit,
  type LayerUnits,
  measureMisfit,
  unitsOf,
} from "./adjustment.js";
import { shiftCurrents, shiftPotentials } from "./shift-layer.js";
import { SpikeMemory } from "./spike-memory.js";

/** What a layer's adjustment works with. */
export interface AdjustmentBench {
  /** Layers with neurons, in topological order. */
  readonly layers: readonly string[];
  /** The deployed form of a graph, number format applied. */
  readonly deploy: (graph: Graph) => Snn;
  /** A layer at T on the images; those `given` send what they sent. `snn` ends at the layer. */
  readonly replay: (snn: Snn, layer: string, given: ReadonlyMap<string, SpikeTrain>) => Promise<LayerRun>;
  /** Bytes of spikes that are kept for later layers, at most. */
  readonly spikeBytes: number;
  /** The network's activation of a layer on the images, [n,C,H,W]. */
  readonly activationOf: (layer: string) => Promise<Float32Array>;
  readonly scaleOf: (layer: string) => ActivationScale;
  readonly images: number;
  readonly steps: number;
  readonly withPotential: boolean;
  readonly scope: "channel" | "neuron";
  readonly progress: (done: number, total: number) => void;
}

export interface Adjusted {
  readonly graph: Graph;
  readonly layers: readonly AdjustedLayer[];
}

/** A graph and what its simulation said of a layer. */
interface Candidate extends LayerMisfit {
  readonly graph: Graph;
  readonly sent: SpikeTrain;
}

export async function adjustLayers(start: Graph, bench: AdjustmentBench): Promise<Adjusted> {
  const { layers } = bench;
  const adjusted: AdjustedLayer[] = [];
  const memory = new SpikeMemory(start, layers, bench.spikeBytes);
  let graph = start;
  for (const [at, layer] of layers.entries()) {
    const { best, report } = await adjustLayer(graph, layer, memory.kept, bench);
    graph = best.graph;
    memory.keep(layer, best.sent);
    adjusted.push(report);
    bench.progress(at + 1, layers.length);
  }
  return { graph, layers: adjusted };
}

async function adjustLayer(
  graph: Graph,
  layer: string,
  kept: ReadonlyMap<string, SpikeTrain>,
  bench: AdjustmentBench,
): Promise<{ readonly best: Candidate; readonly report: AdjustedLayer }> {
  const activation = await bench.activationOf(layer);
  const [channels] = graph.shape(layer);
  const scale = bench.scaleOf(layer);
  const units = unitsOf(graph.node(layer) as NodeOf<"neuron">, channels, scale.lambda, bench.steps);
  const simulate = async (candidate: Graph): Promise<Candidate> => {
    const { counts, sent } = await replayLayer(candidate, layer, kept, bench);
    return { ...measureMisfit(counts, activation, units, bench.images), graph: candidate, sent };
  };
  const silence = (shift: Float64Array) => withoutSilent(shift, scale.silentChannels, channels);
  // 1. as it is
  const plain = await simulate(graph);
  // 2. constant currents
  const added = averageChannels(silence(plain.shift), channels).map((mean) => mean * units.perActivation);
  const biased = await simulate(shiftCurrents(graph, layer, added));
  const first = biased.error < plain.error ? biased : plain;
  // 3. initial potentials
  const charged = bench.withPotential
    ? await simulate(chargeLayer(first, layer, silence(first.shift), bench, units))
    : undefined;
  const best = charged !== undefined && charged.error < first.error ? charged : first;
  const report = { name: layer, before: plain.error, bias: biased.error, potential: charged?.error ?? null };
  return { best, report: { ...report, after: best.error } };
}

/** V(0) + T·(a − y)/λ, so that the estimate at T is right in the mean. */
function chargeLayer(
  { graph }: Candidate,
  layer: string,
  shift: Float64Array,
  { scope }: AdjustmentBench,
  { lambda, perCount }: LayerUnits,
): Graph {
  const potential = shift.map((mean) => mean / perCount);
  return shiftPotentials(
    graph,
    layer,
    scope === "neuron" ? potential : averageChannels(potential, lambda.length),
  );
}

/** Channels that must never fire stay as they are. */
function withoutSilent(shift: Float64Array, silent: readonly number[], channels: number): Float64Array {
  const area = shift.length / channels;
  const kept = shift.slice();
  for (const channel of silent) kept.fill(0, channel * area, (channel + 1) * area);
  return kept;
}

/** The layer of a graph as it would be saved. */
function replayLayer(
  graph: Graph,
  layer: string,
  kept: ReadonlyMap<string, SpikeTrain>,
  { deploy, replay }: AdjustmentBench,
): Promise<LayerRun> {
  const snn = truncateSnn(deploy(graph), layer, new Set(kept.keys()));
  return replay(snn, layer, new Map([...kept].filter(([id]) => snn.graph.has(id))));
}
