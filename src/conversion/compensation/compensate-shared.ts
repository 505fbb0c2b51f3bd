/**
 * Layer-wise error compensation as the article has it: one factor τ on every layer's weights,
 * shortcuts and constant current, so that rates lost on the way are mended.
 *
 * Knows: Hu, Tang and Pan, arXiv 1805.01352: τ in (1, τ_max], τ_max = 1 / (largest rate of the last
 * spiking layer). May not know: simulators, images.
 *
 * Tries τ = 1.005^k, judged by how many held-back training images get the network's own class; stops
 * after five steps without a new best, keeps 1 on a tie and where τ_max ≤ 1.005.
 *
 * A factor is given up as soon as it could not win even if all images left agreed. Images that the best factor so far decides
 * most narrowly, or wrongly, come first, so that this is seen early; what wins does not depend on it.
 */
import { z } from "zod";
import type { Snn } from "../../graph/snn.js";
import { applyFactors, type Compensated, type CompensationBench, type TriedFactor } from "./compensation.js";
import { type RankedImages, rankImages } from "./rank-images.js";

const ratio = 1.005;
const patience = 5;

/** `judging` are held-back images. */
export interface SharedImages extends RankedImages {
  /** Calibration images that τ_max is measured on. */
  readonly calibration: Uint32Array;
}

/** What a factor did; `next` is the order for those after it. */
interface Judged extends TriedFactor {
  readonly next: RankedImages;
}

type Judge = (factor: number, ranked: RankedImages, toBeat: number) => Promise<Judged>;

/** What is kept of a judged factor. */
const verdictSchema = z.object({
  score: z.int(),
  images: z.int().optional(),
  judging: z.array(z.int()),
  networkPredictions: z.array(z.int()),
});

/** 1. τ_max and how τ = 1 does; 2. the search; 3. what there is to say. */
export async function compensateShared(bench: CompensationBench, images: SharedImages): Promise<Compensated> {
  const { graph, layers, deploy } = bench;
  const { judging } = images;
  const factorsOf = (tau: number) => new Map(layers.map((name) => [name, tau]));
  const snnOf = (tau: number) => deploy(applyFactors(graph, factorsOf(tau)), factorsOf(tau));
  const judge = makeJudge(bench, snnOf);
  // 1.
  const largestRate = await findLargestRate(bench, images, snnOf);
  const largestFactor = largestRate > 0 ? 1 / largestRate : null;
  const before = await judge(1, images, -1);
  // 2.
  const { best, tried } = await searchFactor(before, largestFactor, judge, bench);
  // 3.
  if (best.factor === 1) sayKept(bench, before.score, judging.length, largestFactor, tried.length - 1);
  const kappas = factorsOf(best.factor);
  return {
    graph: applyFactors(graph, kappas),
    kappas,
    report: {
      method: "shared",
      criterion: "agreement",
      images: judging.length,
      largestFactor,
      factors: [{ name: "all layers", kappa: best.factor, before: before.score, after: best.score, tried }],
    },
  };
}

/** The largest rate of the last layer with τ = 1; 0 where it never fires. */
function findLargestRate(
  { layers, memory, simulation, steps }: CompensationBench,
  { calibration }: SharedImages,
  snnOf: (tau: number) => Snn,
): Promise<number> {
  return memory.find({ bound: [...calibration] }, z.number(), async () => {
    const { maxRates } = await simulation.predict(snnOf(1), calibration, steps);
    return maxRates.get(layers[layers.length - 1] ?? "") ?? 0;
  });
}

/** What a factor does on the images in their order, given up once it could not beat the score. */
function makeJudge(
  { memory, simulation, signal, steps }: CompensationBench,
  snnOf: (tau: number) => Snn,
): Judge {
  return async (factor, ranked, toBeat) => {
    signal?.throwIfAborted();
    const mostMisses = ranked.judging.length - 1 - toBeat;
    const what = { factor, mostMisses, order: [...ranked.judging] };
    const { judging, networkPredictions, ...verdict } = await memory.find(what, verdictSchema, async () => {
      const isEnough = (predictions: Int32Array) => countMisses(predictions, ranked) > mostMisses;
      const found = await simulation.predict(snnOf(factor), ranked.judging, steps, isEnough);
      const score = scoreUpTo(found.predictions, ranked, mostMisses);
      // How many images one that is given up was simulated with depends on threads: it orders nothing.
      const next = score.images === undefined ? rankImages(ranked, found.outputs) : ranked;
      return { ...score, judging: [...next.judging], networkPredictions: [...next.networkPredictions] };
    });
    const next = {
      judging: Uint32Array.from(judging),
      networkPredictions: Int32Array.from(networkPredictions),
    };
    return { factor, ...verdict, next };
  };
}

/** Powers of the ratio up to the largest factor, until `patience` in a row are no better. @param plain what 1 does */
async function searchFactor(
  plain: Judged,
  largest: number | null,
  judge: Judge,
  bench: CompensationBench,
): Promise<{ readonly best: TriedFactor; readonly tried: readonly TriedFactor[] }> {
  let best = plain;
  const tried = [withoutOrder(plain)];
  for (let k = 1, sinceBest = 0; sinceBest < patience; k++) {
    const factor = ratio ** k;
    if (largest === null || largest <= ratio || factor > largest) break;
    bench.progress(k, k + patience - sinceBest);
    const found = await judge(factor, best.next, best.score);
    tried.push(withoutOrder(found));
    sinceBest++;
    if (found.score > best.score) {
      best = found;
      sinceBest = 0;
    }
  }
  return { best, tried };
}

const withoutOrder = ({ next, ...tried }: Judged): TriedFactor => tried;

/** Images simulated so far that get another class than the network gives them. */
function countMisses(predictions: Int32Array, { networkPredictions }: RankedImages): number {
  return predictions.reduce(
    (sum, label, at) => sum + Number(label >= 0 && label !== networkPredictions[at]),
    0,
  );
}

/** Images that agree: of all, or of those up to the one with which there were too many misses, however many were simulated. */
function scoreUpTo(
  predictions: Int32Array,
  { networkPredictions }: RankedImages,
  mostMisses: number,
): Pick<TriedFactor, "score" | "images"> {
  let misses = 0;
  for (const [at, label] of predictions.entries()) {
    misses += Number(label !== networkPredictions[at]);
    if (misses > mostMisses && at + 1 < predictions.length) return { score: at + 1 - misses, images: at + 1 };
  }
  return { score: predictions.length - misses };
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
