/**
 * Converts with the preset and T that lose no more than a bound: `--preset auto`.
 *
 * Knows: how conversion, simulation and search fit together. May not know: flags' texts, the terminal.
 */
import { randomPermutation } from "../../core/counter-random.js";
import type { ProgressEvent } from "../../core/progress.js";
import { exitCodes, RespikeError, refuseInput, type Warning } from "../../core/respike-error.js";
import { gatherImages, type ImageSet } from "../../datasets/dataset.js";
import { hashIndices } from "../../datasets/decoded-split.js";
import { selectJudging } from "../../datasets/split-training.js";
import type { AutoCandidate, AutoResult } from "../../evaluation/auto-result.js";
import { knowsImages } from "../../evaluation/diagnosis/unseen-images.js";
import type { Model } from "../../formats/read-model.js";
import { makeWorkerRunner } from "../../node/worker-runner.js";
import { refuseExisting, writeWholeFile } from "../../node/write-whole-file.js";
import { renderFront } from "../../report/front/render-front.js";
import { type ConvertCallOptions, convertOn, type OpenedCalibration, openCalibration } from "../convert.js";
import { version } from "../version.js";
import {
  type AutoCallOptions,
  type AutoConversion,
  type AutoRequest,
  checkAutoOptions,
  countJudged,
} from "./auto-options.js";
import { CandidateJudge } from "./judge-candidates.js";
import { type LeftOut, refuseAllLeftOut, warnOfLeftOut } from "./left-out.js";
import { listContenders, type PresetContender } from "./list-contenders.js";
import { completeFront, findClosest, type Search, type SearchOutcome, searchSteps } from "./search-steps.js";

/** Images that a candidate is first looked at with; then four times as many, until all. */
const firstLook = 128;

/**
 * Converts with that of the presets, at that T of 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 350, which loses no more
 * than `maxLoss` points at the upper end of a paired 95 % interval on held-back training images.
 *
 * @throws RespikeError exit 2 for options, 3 for a network or images that are refused, 2 or 3 where every preset is left out,
 * and why each is, 4 where no candidate meets the bound; the front is written then all the same
 * @example
 * ```ts
 * import { convertAuto, loadModel } from "respike";
 *
 * const model = await loadModel("networks/mnist-resnet8.safetensors");
 * const { result } = await convertAuto(model, { alphabet: "multi-level", maxLoss: 3, judgeN: 128 });
 * console.log(result.auto.chosen?.verdict); // meets
 * ```
 */
export async function convertAuto(model: Model, options: AutoCallOptions = {}): Promise<AutoConversion> {
  // 1. what is asked for, and the images that judge
  const asked = checkAutoOptions(options);
  const { judgeN = "all", front } = options;
  if (front !== undefined && options.force !== true) await refuseExisting(front);
  const warnings: Warning[] = [];
  const { name, train } = await openCalibration(model, options, (warning) => warnings.push(warning));
  const judged = chooseJudged(train, name, judgeN, asked.bound, options.seed ?? 0);
  const opened = { name, train, runner: makeWorkerRunner(options.threads), isTrial: false };
  // 2. the search
  const leftOut: LeftOut[] = [];
  const leaveOut = (candidate: LeftOut) => leftOut.push(candidate);
  const presets = preparePresets(model, options, opened, judged, leaveOut, asked);
  const found = await searchSteps(presets.search);
  if (found.candidates.length === 0) throw refuseAllLeftOut(leftOut, asked.alphabet);
  const auto = presets.describe(found);
  // 3. the choice, which is not made to wait for the front
  const tell = () => [...warnings, ...leftOut.map(warnOfLeftOut)];
  const chosen = auto.chosen && (await convertChosen(model, options, opened, auto, auto.chosen));
  if (chosen !== null) await options.onChosen?.({ ...chosen, warnings: [...tell(), ...chosen.warnings] });
  // 4. the front
  if (front === undefined) {
    if (chosen === null) throw refuseBound(auto, tell());
    return { ...chosen, warnings: [...tell(), ...chosen.warnings] };
  }
  presets.beginFront();
  const whole = { ...auto, candidates: await completeFront(presets.search, found) };
  await writeFront(front, whole, options);
  if (chosen === null) throw refuseBound(auto, tell());
  const result = { ...chosen.result, auto: whole };
  return { ...chosen, result, warnings: [...tell(), ...chosen.warnings] };
}

/** What was looked at on the way is saved with it. */
async function convertChosen(
  model: Model,
  options: AutoCallOptions,
  opened: OpenedCalibration,
  auto: AutoResult,
  { preset, T }: AutoCandidate,
): Promise<AutoConversion> {
  const savedOptions = { ...options.savedOptions, auto };
  const done = await convertOn(model, { ...options, preset, T, savedOptions }, opened);
  return { ...done, result: { ...done.result, auto } };
}

/** The search, with candidates as contenders that are converted and simulated; what it found, for people; the front's progress. */
function preparePresets(
  model: Model,
  conversion: ConvertCallOptions,
  opened: OpenedCalibration,
  judged: ReturnType<typeof chooseJudged>,
  onLeftOut: (candidate: LeftOut) => void,
  asked: AutoRequest,
) {
  const { signal } = conversion;
  const { bound, minimise, alphabet, times } = asked;
  const { contenders, leftOut } = listContenders(model.graph, conversion, alphabet);
  for (const { preset, error } of leftOut) onLeftOut({ preset, T: null, error });
  const { begin, tick, beginFront } = makeAutoProgress(contenders.length, times, conversion.onProgress);
  const trial = { ...opened, isTrial: true };
  const judge = new CandidateJudge({
    images: judged.images,
    times,
    data: opened.name,
    runner: opened.runner,
    signal,
    onProgress: tick,
    onLeftOut,
    async convert(preset, T) {
      const options = { ...conversion, preset, T, certify: "off", onProgress: tick } as const;
      return (await convertOn(model, options, trial)).snn;
    },
  });
  const sizes = growSizes(judged.images.n);
  const look = judge.look.bind(judge);
  const search: Search<PresetContender> = { ...asked, contenders, sizes, look, onCandidate: begin };
  const describe = ({ chosen, candidates }: SearchOutcome<PresetContender>): AutoResult => {
    const network = judge.describeNetwork();
    const judgedOn = judged.described;
    const note = noteOf(network, judgedOn.data);
    return { chosen, candidates, bound, minimise, alphabet, judgedOn, network, note };
  };
  return { search, describe, beginFront };
}

/** The first n of a seeded permutation of the held-back images: those of a folder are in the order of their classes. */
function chooseJudged(train: ImageSet, data: string, judgeN: number | "all", bound: number, seed: number) {
  const held = selectJudging(train.n);
  if (held.length === 0) throw noImages(data);
  const n = countJudged(judgeN, held.length, bound);
  const order = randomPermutation(held.length, seed).subarray(0, n);
  const indices = Uint32Array.from(order, (at) => held[at] as number);
  const labels = Int32Array.from(indices, (index) => train.labels[index] as number);
  const images: ImageSet = { n, shape: train.shape, pixels: gatherImages(train, indices), labels };
  const described = {
    data,
    split: "train",
    n,
    of: held.length,
    indicesSha256: hashIndices(indices),
  } as const;
  return { images, described };
}

function growSizes(n: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = firstLook; size < n; size *= 4) sizes.push(size);
  return [...sizes, n];
}

/** What making a candidate takes besides its steps, in steps. */
const stepsToConvert = 16;

/** Steps of settled candidates, of those that there are at most: the search ends when none can be better. */
function makeAutoProgress(
  contenders: number,
  times: readonly number[],
  onProgress: ((event: ProgressEvent) => void) | undefined,
) {
  const weigh = (T: number) => stepsToConvert + T;
  const total = contenders * times.reduce((sum, T) => sum + weigh(T), 0);
  let [done, current, name, hint] = [0, 0, "", "may end long before"];
  return {
    /** The choice is made: from now on nothing ends early. */
    beginFront() {
      hint = "the choice is made, the rest is for the front";
    },
    begin(contender: PresetContender, T: number) {
      done += current;
      current = weigh(T);
      name = `${contender.preset} at T = ${T}`;
    },
    /** What a candidate is at stands in the note. */
    tick(part: ProgressEvent) {
      const note = `${name}: ${part.phase} ${part.done}/${part.total}; ${hint}`;
      onProgress?.({ phase: "auto", note, done, total, unit: "steps" });
    },
  };
}

function noteOf({ accuracy }: AutoResult["network"], data: string): string | null {
  if (!knowsImages(accuracy, data)) return null;
  return `the network is right on ${accuracy.toFixed(2)} % of these images, as one that was trained on them: the loss here is nearly the disagreement, an upper bound for these images rather than a forecast for others, which can lose more`;
}

async function writeFront(path: string, auto: AutoResult, options: AutoCallOptions): Promise<void> {
  const command = options.command ?? ["respike", "convert", "--preset", "auto"];
  const { html } = await renderFront({ result: auto, command, version, title: "Steps and operations" });
  await writeWholeFile(path, html, { force: options.force ?? false });
}

/** @param candidates at least one */
function refuseBound({ bound, candidates }: AutoResult, warnings: readonly Warning[]): RespikeError {
  const { preset, T, loss, lossCi95, n } = findClosest(candidates) as AutoCandidate;
  const [low, high] = lossCi95.map((points) => points.toFixed(2));
  const problem = {
    code: "max-loss",
    where: "--preset auto",
    rule: `a preset and T whose loss is at most ${bound} points at the upper end of its interval`,
    value: `the closest is ${preset} at T = ${T}: ${loss.toFixed(2)} points, ${low} to ${high} on ${n} images`,
    next: "give a larger --max-loss, more --judge-n, or no --alphabet",
  };
  return new RespikeError(exitCodes.checkFailed, problem, { warnings });
}

function noImages(data: string): RespikeError {
  return refuseInput({
    code: "no-judging-images",
    where: `data '${data}'`,
    rule: "training images are held back to judge presets",
    value: "fewer than 10 training images",
    next: "give more training images, or name a preset",
  });
}
