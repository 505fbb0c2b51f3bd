/**
 * Training images that judge a conversion afterwards: held back, and seen by none of its choices.
 *
 * Knows: which held-back images which choice looks at, how many are worth it. May not know: pixels.
 */
import { compensationJudges } from "../../conversion/compensation/compensation.js";
import { randomPermutation } from "../../core/counter-random.js";
import { spreadEvenly } from "../../core/spread-evenly.js";
import { countElements } from "../../core/tensor.js";
import { countJudging } from "../../datasets/split-training.js";
import { isOp } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";

const seenBy: Readonly<Record<string, number>> = compensationJudges;

const mostImages = 256;
const fewestImages = 32;
/** Neurons × steps × images: some seconds on two cores; and where the fewest images need more, at most ten times that. */
const mostUpdates = 4e9;
const fewestUpdates = 4e10;

/** From this percentage of right answers on a network does as well as one that was trained on the images. */
const knownImages = 99;
/** Lower where networks learn their images by heart less: ResNet-32 is right on 90 % of CIFAR-100's, and on 70 % of those it has not seen. */
const knownImagesOf: Readonly<Record<string, number>> = { cifar100: 85 };

/**
 * Whether a network's accuracy on training images shows that it was trained on them.
 *
 * @param data name of the data set
 */
export function knowsImages(accuracy: number, data: string): boolean {
  return accuracy >= (knownImagesOf[data] ?? knownImages);
}

/** How many images `n` left out stands for: 256, or as many as bound the work, at least 32 unless T is very large. */
export function affordableImages({ graph }: Snn, steps: number): number {
  const layers = graph.nodes.filter((node) => isOp(node, "neuron"));
  const neurons = layers.reduce((sum, { id }) => sum + countElements(graph.shape(id)), 0);
  const within = (updates: number) => Math.floor(updates / Math.max(1, neurons * steps));
  const fewest = Math.max(1, Math.min(fewestImages, within(fewestUpdates)));
  return Math.min(mostImages, Math.max(fewest, within(mostUpdates)));
}

/**
 * Evenly spaced among the images that no choice of this conversion has seen: held-back ones, or, where `auto` has judged
 * presets on all of those, training images that it was not calibrated with.
 *
 * @param trainCount images of the training split
 * @returns ascending; fewer than n where there are no more, empty where there are none
 */
export function selectUnseen(snn: Pick<Snn, "options">, trainCount: number, n: number): Uint32Array {
  return spreadEvenly(listUnseen(snn, trainCount), n);
}

function listUnseen({ options }: Pick<Snn, "options">, trainCount: number): Uint32Array {
  const heldBack = countJudging(trainCount);
  const judged = countJudgedByAuto(options.auto);
  if (judged === 0) {
    const seen = Math.min(heldBack, seenBy[String(options.compensate)] ?? 0);
    return Uint32Array.from({ length: heldBack - seen }, (_, i) => trainCount - heldBack + seen + i);
  }
  const seed = Number(options.seed ?? 0);
  const spared = randomPermutation(heldBack, seed).slice(judged);
  if (spared.length >= fewestImages) return spared.map((at) => trainCount - heldBack + at).sort();
  if (options.calibrateN === "all") return new Uint32Array(0);
  return randomPermutation(trainCount - heldBack, seed)
    .slice(Number(options.calibrateN))
    .sort();
}

/** Why {@link selectUnseen} finds no image, and what to do. */
export function explainNoneUnseen({ options }: Pick<Snn, "options">, trainCount: number): string {
  const heldBack = countJudging(trainCount);
  if (heldBack === 0) {
    return "of fewer than 10 training images none are held back: give more training images";
  }
  const judged = countJudgedByAuto(options.auto);
  if (judged === 0) {
    return `compensation was judged on all ${heldBack} held-back images: give more training images, or leave compensation out`;
  }
  const spare = heldBack > fewestImages ? `, or a --judge-n of at most ${heldBack - fewestImages}` : "";
  return `auto judged on ${judged} of ${heldBack} held-back images, and all others calibrate: give a smaller --calibrate-n${spare}`;
}

/** `auto` judges on the first so many of a seeded permutation of the held-back images; 0 without. */
function countJudgedByAuto(auto: unknown): number {
  const n = (auto as { judgedOn?: { n?: unknown } } | null | undefined)?.judgedOn?.n;
  return typeof n === "number" ? n : 0;
}
