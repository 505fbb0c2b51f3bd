/**
 * Layer by layer, from input to output: constant currents and initial potentials, such that the layer's estimates
 * are right in the mean over training images, all layers before it already adjusted.
 *
 * Knows: layers' order, what they are measured by. May not know: simulators, which images.
 *
 * `bias` adds the mean over images and positions of (a − y)/λ to the constant current of each channel; `potential` adds T
 * times the mean over images of (a − y)/λ to V(0), for each channel or neuron; in which order, and what is kept, says
 * fit-layer.ts. Networks are measured as they are saved, integers included. After Li et al., A Free Lunch From ANN, ICML 2021 (arXiv 2106.06984), who calibrate in parallel.
 *
 * The layers before send what they sent when they were adjusted (spike-memory.ts), so that each simulation is one of the layer
 * alone: two, three with potentials, one more of either where steps are left out (fit-layer.ts).
 */
import type { Graph } from "../../graph/graph.js";
import type { NodeOf } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";
import type { ActivationScale } from "../pass.js";
import type { SpikeTrain } from "../simulation.js";
import { type ReplayLayer, replayFromKept, SpikeMemory } from "../spike-memory.js";
import { type AdjustedLayer, type LayerUnits, measureMisfit, unitsOf } from "./adjustment.js";
import { type Candidate, fitToAllSteps, fitToLateSteps } from "./fit-layer.js";

/** What a layer's adjustment works with. */
export interface AdjustmentBench {
  /** Layers with neurons, in topological order. */
  readonly layers: readonly string[];
  /** The deployed form of a graph, number format applied. */
  readonly deploy: (graph: Graph) => Snn;
  readonly replay: ReplayLayer;
  /** Bytes of spikes that are kept for later layers, at most. */
  readonly spikeBytes: number;
  /** The network's activation of a layer on the images, [n,C,H,W]. */
  readonly activationOf: (layer: string) => Promise<Float32Array>;
  readonly scaleOf: (layer: string) => ActivationScale;
  readonly images: number;
  readonly steps: number;
  /** Steps at the beginning that currents are not fitted to. */
  readonly delay: number;
  /** Whether the readout leaves no steps out. */
  readonly readsAll: boolean;
  readonly withPotential: boolean;
  readonly scope: "channel" | "neuron";
  readonly progress: (done: number, total: number) => void;
}

export interface Adjusted {
  readonly graph: Graph;
  readonly layers: readonly AdjustedLayer[];
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
  const { lambda, silentChannels } = bench.scaleOf(layer);
  const { steps, delay, readsAll, images, withPotential, scope } = bench;
  const [units, late] = [steps, steps - delay].map((counted) =>
    unitsOf(graph.node(layer) as NodeOf<"neuron">, channels, lambda, counted),
  ) as [LayerUnits, LayerUnits];
  const simulate = async (candidate: Graph): Promise<Candidate> => {
    const run = await replayFromKept(bench.deploy(candidate), layer, kept, bench.replay);
    const whole = measureMisfit(run.counts, activation, units, images);
    const read = delay === 0 ? whole : measureMisfit(run.late, activation, late, images);
    return { graph: candidate, whole, read, sent: run.sent };
  };
  const silence = (shift: Float64Array) => withoutSilent(shift, silentChannels, channels);
  const plain = await simulate(graph);
  const fit = { layer, units, silence, simulate, withPotential, scope };
  const fitted = readsAll ? await fitToAllSteps(plain, fit) : await fitToLateSteps(plain, fit);
  const { best, bias, potential } = fitted;
  const report = { name: layer, before: plain.read.error, bias, potential, after: best.read.error };
  return { best, report };
}

/** Channels that must never fire stay as they are. */
function withoutSilent(shift: Float64Array, silent: readonly number[], channels: number): Float64Array {
  const area = shift.length / channels;
  const kept = shift.slice();
  for (const channel of silent) kept.fill(0, channel * area, (channel + 1) * area);
  return kept;
}
