/**
 * Compensation layer by layer, from input to output: each layer gets the factor κ of a grid with the
 * least squared error Σ(λ·N/T − a)² against the network's activation a, all layers before already
 * compensated.
 *
 * The layers before send what they sent with their factors (spike-memory.ts), so that each simulation is one of the layer alone. Of a
 * search that goes on where it was broken off these spikes are not there: they are simulated anew until there are some again.
 *
 * Knows: the grid, the error. May not know: simulators.
 */
import { z } from "zod";
import type { ActivationScale } from "../pass.js";
import type { SpikeTrain } from "../simulation.js";
import { type ReplayLayer, replayFromKept, SpikeMemory } from "../spike-memory.js";
import {
  applyFactors,
  type Compensated,
  type CompensationBench,
  type LayerFactor,
  type TriedFactor,
} from "./compensation.js";

/** The values tried; the first is no compensation. */
export const layerGrid: readonly number[] = [1, 1.02, 1.05, 1.1, 1.15, 1.2, 1.3];

/** Held-back images, and what is known of a layer on them. */
export interface LayerImages {
  readonly count: number;
  readonly replay: ReplayLayer;
  /** Bytes of spikes that are kept for later layers, at most. */
  readonly spikeBytes: number;
  /** The network's activation of a layer, [n,C,H,W]. */
  readonly activationOf: (layer: string) => Promise<Float32Array>;
  readonly scaleOf: (layer: string) => ActivationScale;
}

export async function compensateLayers(bench: CompensationBench, images: LayerImages): Promise<Compensated> {
  const { graph, layers } = bench;
  const kappas = new Map<string, number>();
  const factors: LayerFactor[] = [];
  const spikes = new SpikeMemory(graph, layers, images.spikeBytes);
  for (const [at, layer] of layers.entries()) {
    const { report, sent } = await chooseFactor(layer, kappas, spikes.kept, bench, images);
    kappas.set(layer, report.kappa);
    if (sent !== null) spikes.keep(layer, sent);
    factors.push(report);
    bench.progress(at + 1, layers.length);
  }
  return {
    graph: applyFactors(graph, kappas),
    kappas,
    report: {
      method: "layer",
      criterion: "relative squared error",
      images: images.count,
      largestFactor: null,
      factors,
    },
  };
}

/** The best factor of a layer, and what the layer sends with it; null where that was found out before. */
async function chooseFactor(
  layer: string,
  before: ReadonlyMap<string, number>,
  kept: ReadonlyMap<string, SpikeTrain>,
  bench: CompensationBench,
  images: LayerImages,
): Promise<{ readonly report: LayerFactor; readonly sent: SpikeTrain | null }> {
  const { graph, memory, steps, deploy } = bench;
  const activation = await images.activationOf(layer);
  const { lambda } = images.scaleOf(layer);
  const [channels, height, width] = graph.shape(layer);
  const tried: TriedFactor[] = [];
  let best: TriedFactor = { factor: 1, score: Number.POSITIVE_INFINITY };
  let sent: SpikeTrain | null = null;
  for (const factor of layerGrid) {
    bench.signal?.throwIfAborted();
    const candidate = new Map([...before, [layer, factor] as const]);
    let own: SpikeTrain | null = null;
    const score = await memory.find({ layer, factors: [...candidate] }, z.number(), async () => {
      const snn = deploy(applyFactors(graph, candidate), candidate);
      const run = await replayFromKept(snn, layer, kept, images.replay);
      own = run.sent;
      return relativeError(run.counts, activation, lambda, [channels, height * width], steps);
    });
    tried.push({ factor, score });
    if (tried.length === 1 || score < best.score) [best, sent] = [{ factor, score }, own];
  }
  const { score } = tried[0] as TriedFactor;
  return {
    report: { name: layer, kappa: best.factor, before: score, after: best.score, tried },
    sent,
  };
}

/** Σ(λ_c·N/T − max(a, 0))² / Σ max(a, 0)²; the plain sum where the activation is 0 everywhere. */
function relativeError(
  counts: Int32Array,
  activation: Float32Array,
  lambda: readonly number[],
  [channels, area]: readonly [number, number],
  steps: number,
): number {
  let [error, size] = [0, 0];
  for (let at = 0; at < counts.length; at++) {
    const c = Math.floor(at / area) % channels;
    const a = Math.max(activation[at] as number, 0);
    const y = ((lambda[lambda.length === 1 ? 0 : c] as number) * (counts[at] as number)) / steps;
    error += (y - a) ** 2;
    size += a * a;
  }
  return size > 0 ? error / size : error;
}
