/**
 * Compensation layer by layer, from input to output: each layer gets the factor κ of a grid with the
 * least squared error Σ(λ·N/T − a)² against the network's activation a, all layers before already
 * compensated.
 *
 * Knows: the grid, the error. May not know: simulators.
 */
import { z } from "zod";
import type { ActivationScale } from "../pass.js";
import { truncateSnn } from "../truncate-snn.js";
import {
  applyFactors,
  type Compensated,
  type CompensationBench,
  type LayerFactor,
  type TriedFactor,
} from "./compensation.js";

/** The values tried; the first is no compensation. */
export const layerGrid: readonly number[] = [1, 1.02, 1.05, 1.1, 1.15, 1.2, 1.3];

export interface LayerImages {
  /** Held-back images. */
  readonly judging: Uint32Array;
  /** The network's activation of a layer on them, [n,C,H,W]. */
  readonly activationOf: (layer: string) => Promise<Float32Array>;
  readonly scaleOf: (layer: string) => ActivationScale;
}

export async function compensateLayers(bench: CompensationBench, images: LayerImages): Promise<Compensated> {
  const { graph, layers, memory, steps } = bench;
  const kappas = new Map<string, number>();
  const factors: LayerFactor[] = [];
  for (const [at, layer] of layers.entries()) {
    const activation = await images.activationOf(layer);
    const tried: TriedFactor[] = [];
    for (const factor of layerGrid) {
      bench.signal?.throwIfAborted();
      const candidate = new Map([...kappas, [layer, factor] as const]);
      const score = await memory.find({ layer, factors: [...candidate] }, z.number(), async () => {
        const counts = await countSpikes(layer, candidate, images, bench);
        const [channels, height, width] = graph.shape(layer);
        const lambda = images.scaleOf(layer).lambda;
        return relativeError(counts, activation, lambda, [channels, height * width], steps);
      });
      tried.push({ factor, score });
    }
    const best = tried.reduce((least, each) => (each.score < least.score ? each : least));
    kappas.set(layer, best.factor);
    factors.push({
      name: layer,
      kappa: best.factor,
      before: (tried[0] as TriedFactor).score,
      after: best.score,
      tried,
    });
    bench.progress(at + 1, layers.length);
  }
  return {
    graph: applyFactors(graph, kappas),
    kappas,
    report: {
      method: "layer",
      criterion: "relative squared error",
      images: images.judging.length,
      largestFactor: null,
      factors,
    },
  };
}

/** Spike counts of a layer, itself and those before it with their factors. */
function countSpikes(
  layer: string,
  candidate: ReadonlyMap<string, number>,
  { judging }: LayerImages,
  { graph, deploy, simulation, steps }: CompensationBench,
): Promise<Int32Array> {
  const snn = truncateSnn(deploy(applyFactors(graph, candidate), candidate), layer);
  return simulation.countLayer(snn, layer, judging, steps);
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
