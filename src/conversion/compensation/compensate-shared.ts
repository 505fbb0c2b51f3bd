/**
 * Layer-wise error compensation as the article has it: one factor τ on every layer's weights,
 * shortcuts and constant current, so that rates lost on the way are mended.
 *
 * Knows: Hu, Tang and Pan, arXiv 1805.01352: τ in (1, τ_max], τ_max = 1 / (largest rate of the last
 * spiking layer). May not know: simulators, images.
 *
 * Tries τ = 1.005^k, judged by how many held-back training images get the network's own class; stops
 * after five steps without a new best, keeps 1 on a tie and where τ_max ≤ 1.005.
 */
import { applyFactors, type Compensated, type CompensationBench, type TriedFactor } from "./compensation.js";

const ratio = 1.005;
const patience = 5;

export interface SharedImages {
  /** Calibration images that τ_max is measured on. */
  readonly calibration: Uint32Array;
  /** Held-back images, and the class that the network gives each. */
  readonly judging: Uint32Array;
  readonly networkPredictions: Int32Array;
}

/** 1. τ_max and how τ = 1 does; 2. the search; 3. what there is to say. */
export async function compensateShared(bench: CompensationBench, images: SharedImages): Promise<Compensated> {
  const { graph, layers, deploy, simulation, steps } = bench;
  const { calibration, judging, networkPredictions } = images;
  const factorsOf = (tau: number) => new Map(layers.map((name) => [name, tau]));
  const snnOf = (tau: number) => deploy(applyFactors(graph, factorsOf(tau)), factorsOf(tau));
  const countAgreeing = async (tau: number) => {
    bench.signal?.throwIfAborted();
    const { predictions } = await simulation.predict(snnOf(tau), judging, steps);
    return predictions.reduce((sum, label, at) => sum + Number(label === networkPredictions[at]), 0);
  };
  // 1.
  const plain = await simulation.predict(snnOf(1), calibration, steps);
  const largestRate = plain.maxRates.get(layers[layers.length - 1] ?? "") ?? 0;
  const largestFactor = largestRate > 0 ? 1 / largestRate : null;
  const before = await countAgreeing(1);
  // 2.
  const { best, tried } = await searchFactor(before, largestFactor, countAgreeing, bench);
  // 3.
  if (best.factor === 1) sayKept(bench, before, judging.length, largestFactor, tried.length - 1);
  const kappas = factorsOf(best.factor);
  return {
    graph: applyFactors(graph, kappas),
    kappas,
    report: {
      method: "shared",
      criterion: "agreement",
      images: judging.length,
      largestFactor,
      factors: [{ name: "all layers", kappa: best.factor, before, after: best.score, tried }],
    },
  };
}

/** Powers of the ratio up to the largest factor, until `patience` in a row are no better. @param plain what 1 scores */
async function searchFactor(
  plain: number,
  largest: number | null,
  score: (factor: number) => Promise<number>,
  bench: CompensationBench,
): Promise<{ readonly best: TriedFactor; readonly tried: readonly TriedFactor[] }> {
  let best: TriedFactor = { factor: 1, score: plain };
  const tried = [best];
  for (let k = 1, sinceBest = 0; sinceBest < patience; k++) {
    const factor = ratio ** k;
    if (largest === null || largest <= ratio || factor > largest) break;
    bench.progress(k, k + patience - sinceBest);
    const found = { factor, score: await score(factor) };
    tried.push(found);
    sinceBest++;
    if (found.score > best.score) {
      best = found;
      sinceBest = 0;
    }
  }
  return { best, tried };
}

function sayKept(
  { say }: CompensationBench,
  agreeing: number,
  images: number,
  largest: number | null,
  tried: number,
): void {
  const bound = largest === null ? "the last layer never fires" : `τ_max = ${largest}`;
  say({
    code: "compensation-keeps-1",
    where: "--compensate shared",
    message: `no factor did better than 1 (${agreeing} of ${images} images agree; ${bound}; ${tried} tried)`,
  });
}
