/**
 * Fits early exit to a spiking network on held-back training images.
 *
 * Knows: which images, how many, the cache. May not know: threads, files.
 */
import { z } from "zod";
import type { LongCallOptions } from "../../core/progress.js";
import { refuseUsage, type Warning } from "../../core/respike-error.js";
import { hashBytes, hashText, stableJson, viewBytes } from "../../core/sha256.js";
import { spreadEvenly } from "../../core/spread-evenly.js";
import type { TaskRunner } from "../../core/task-runner.js";
import { gatherImages, type ImageSet } from "../../datasets/dataset.js";
import { hashIndices } from "../../datasets/decoded-split.js";
import { selectJudging } from "../../datasets/split-training.js";
import { checkImages } from "../check-images.js";
import type { EvaluationPlan } from "../evaluation-plan.js";
import { confidence, type EarlyExitSetup } from "./early-exit-setup.js";
import { type MarginResult, simulateMargins } from "./exit-margins.js";
import { listExitTimes } from "./exit-times.js";
import { fitThresholds, leastShare, type Trajectories } from "./fit-thresholds.js";

/** Where trajectories are kept between runs. */
export interface TrajectoryCache {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

export interface FitOptions extends LongCallOptions {
  /** Hash of the network, with a cache. */
  readonly snnSha256?: string | undefined;
  readonly cache?: TrajectoryCache | undefined;
  readonly onWarning?: ((warning: Warning) => void) | undefined;
}

/** Images that expect 20 differing decisions at the promised share, at least so many. */
const fewestImages = 400;
const expectedDiffering = 20;
const risk = 1 - confidence;

/**
 * The plan of an evaluation that stops images early: its setup says at which times and margins.
 *
 * @param training the training split; its judging part fits. Needed with early exit alone
 * @throws RespikeError exit 2 where P is below what the images there are can promise
 */
export async function fitEarlyExit(
  plan: EvaluationPlan,
  training: ImageSet | undefined,
  runner: TaskRunner,
  options: FitOptions = {},
): Promise<EvaluationPlan> {
  const { setup, snn } = plan;
  const share = setup.options.earlyExit;
  if (share === undefined) return plan;
  if (training === undefined) throw refuseUnfitted();
  const indices = selectFitting(training.n, share);
  checkImages(snn, training, setup.classes, { n: training.n, input: setup.options.input });
  const trajectories = await findTrajectories(plan, training, indices, runner, options);
  const { thresholds, tested } = fitThresholds(trajectories, share, risk);
  const kept = trajectories.times
    .map((t, at) => ({ t, threshold: thresholds[at] as number }))
    .filter(({ threshold }) => Number.isFinite(threshold));
  warn(plan, training, indices, kept.length, options.onWarning);
  const earlyExit: EarlyExitSetup = {
    promisedShare: share,
    confidence,
    fittedOn: {
      data: setup.data.name,
      split: "train",
      n: indices.length,
      indicesSha256: hashIndices([...indices]),
    },
    tested,
    times: kept.map(({ t }) => t),
    thresholds: kept.map(({ threshold }) => threshold),
  };
  return { ...plan, setup: { ...setup, earlyExit } };
}

/** Early exit without anything to fit it on. */
export function refuseUnfitted() {
  return refuseUsage({
    code: "early-exit-unfitted",
    where: "--early-exit",
    rule: "thresholds are fitted on held-back training images",
    value: "there are none",
    next: "give training images, or leave early exit out",
  });
}

/** Evenly spaced judging images: 20/P, at least 400, at most all. */
function selectFitting(trainCount: number, share: number): Uint32Array {
  const judging = selectJudging(trainCount);
  const wanted = Math.max(fewestImages, Math.ceil(expectedDiffering / share));
  const n = Math.min(judging.length, wanted);
  const least = n === 0 ? 1 : leastShare(n, risk);
  if (!(share >= least)) {
    throw refuseUsage({
      code: "early-exit-share",
      where: "--early-exit",
      rule: `${n} held-back training images can promise a share of ${least.toPrecision(3)} or more at ${100 * confidence} %`,
      value: String(share),
      next: `give --early-exit ${(Math.ceil(least * 1e4) / 1e4).toString()} or more`,
    });
  }
  return spreadEvenly(judging, n);
}

function warn(
  { images, setup }: EvaluationPlan,
  training: ImageSet,
  indices: Uint32Array,
  times: number,
  onWarning: FitOptions["onWarning"],
): void {
  if (times === 0) {
    const message = "no thresholds keep the promise on the fitting images, so no image stops before T";
    onWarning?.({ code: "early-exit-never", where: "--early-exit", message });
  }
  const isSame = images === training || images.pixels === training.pixels;
  if (isSame && setup.options.n > (indices[0] as number)) {
    const message = "thresholds are fitted on images that are also evaluated: the measured share is too good";
    onWarning?.({ code: "early-exit-overlap", where: "--early-exit", message });
  }
}

const entrySchema = z.object({
  margins: z.array(z.number()),
  agrees: z.array(z.number().int().min(0).max(1)),
});

/** From the cache where it has them, else simulated and put there. */
async function findTrajectories(
  plan: EvaluationPlan,
  training: ImageSet,
  indices: Uint32Array,
  runner: TaskRunner,
  options: FitOptions,
): Promise<Trajectories> {
  const { T, readout, delay, input, seed, backend } = plan.setup.options;
  const times = listExitTimes(T);
  const frame = { times, T, n: indices.length };
  const { cache, snnSha256 } = options;
  if (cache === undefined || snnSha256 === undefined) {
    return { ...frame, ...(await simulateMargins(plan, times, training, indices, runner, options)) };
  }
  const decides = { version: "exit-margins/1", snnSha256, times, T, readout, delay, input, seed, backend };
  const pixels = hashBytes(viewBytes(gatherImages(training, indices)));
  const key = hashText(stableJson({ ...decides, pixels, indices: [...indices] }));
  const found = readEntry(await cache.get(key), indices.length * times.length);
  if (found !== null) return { ...frame, ...found };
  const made = await simulateMargins(plan, times, training, indices, runner, options);
  const entry = { margins: [...made.margins], agrees: [...made.agrees] };
  await cache.put(key, new TextEncoder().encode(JSON.stringify(entry)));
  return { ...frame, ...made };
}

/** Null for a damaged entry: it is made anew. */
function readEntry(bytes: Uint8Array | undefined, length: number): MarginResult | null {
  if (bytes === undefined) return null;
  let json: unknown = null;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  const { success, data } = entrySchema.safeParse(json);
  if (!success || data.margins.length !== length || data.agrees.length !== length) return null;
  return { margins: Float64Array.from(data.margins), agrees: Uint8Array.from(data.agrees) };
}
