/**
 * Fits early exit to a spiking network on held-back training images.
 *
 * Knows: which images, how many, the job that simulates them, the cache. May not know: threads, files.
 */
import { z } from "zod";
import type { LongCallOptions } from "../../core/progress.js";
import { refuseUsage, type Warning } from "../../core/respike-error.js";
import { hashBytes, hashText, stableJson, viewBytes } from "../../core/sha256.js";
import type { TaskHandler, TaskRunner } from "../../core/task-runner.js";
import { gatherImages, type ImageSet } from "../../datasets/dataset.js";
import { hashIndices } from "../../datasets/decoded-split.js";
import { selectJudging } from "../../datasets/split-training.js";
import { preprocessPixels } from "../../graph/preprocessing.js";
import type { Snn } from "../../graph/snn.js";
import type { Simulator } from "../../simulator/backend.js";
import { readMargin } from "../../simulator/exit-margin.js";
import { predictClass } from "../../simulator/predict-class.js";
import { type BackendName, simulatorBackends } from "../backend-list.js";
import { checkImages } from "../check-images.js";
import type { EvaluationPlan, EvaluationSetup } from "../evaluation-plan.js";
import { type PortableSnn, packSnn, unpackSnn } from "../portable-snn.js";
import { confidence, type EarlyExitSetup } from "./early-exit-setup.js";
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
const batch = 50;
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
  return Uint32Array.from(
    { length: n },
    (_, i) => judging[Math.floor(((i + 0.5) * judging.length) / n)] as number,
  );
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

interface MarginShared {
  readonly snn: PortableSnn;
  readonly backend: BackendName;
  readonly times: readonly number[];
  readonly options: Pick<EvaluationSetup["options"], "T" | "readout" | "delay">;
  readonly poissonSeed: number | null;
  readonly wasmUrl?: string | undefined;
}

interface MarginTask {
  readonly indices: readonly number[];
  readonly pixels: Uint8Array | Float32Array;
}

/** [n][times] of {@link Trajectories}. */
interface MarginResult {
  readonly margins: Float64Array;
  readonly agrees: Uint8Array;
}

/** Handler of the job `exit-margins`: runs images to T and says what they would have said before. */
export async function startMarginHandler(
  shared: MarginShared,
): Promise<TaskHandler<MarginTask, MarginResult>> {
  const snn = unpackSnn(shared.snn);
  const options = shared.wasmUrl === undefined ? {} : { wasmUrl: new URL(shared.wasmUrl) };
  const simulator = await simulatorBackends[shared.backend].prepare(snn, options);
  return {
    handle: (task) => runToEnd(simulator, snn, shared, task),
    free: () => simulator.free(),
  };
}

function runToEnd(simulator: Simulator, snn: Snn, shared: MarginShared, task: MarginTask): MarginResult {
  const { times, poissonSeed } = shared;
  const { T: steps, readout, delay } = shared.options;
  const n = task.indices.length;
  const [channels, height, width] = snn.graph.input.attributes.shape;
  const { outputs, exitOutputs = new Float64Array(0) } = simulator.run({
    images: preprocessPixels(task.pixels, channels, height * width, snn.preprocessing),
    n,
    steps,
    snapshots: [steps],
    readout,
    delay,
    poisson: poissonSeed === null ? undefined : { seed: poissonSeed, imageIndices: task.indices },
    exit: { times, thresholds: times.map(() => Number.POSITIVE_INFINITY) },
  });
  const classes = outputs.length / n;
  const margins = new Float64Array(n * times.length);
  const agrees = new Uint8Array(n * times.length);
  for (let image = 0; image < n; image++) {
    const atEnd = predictClass(outputs.subarray(image * classes, (image + 1) * classes));
    for (let i = image * times.length; i < (image + 1) * times.length; i++) {
      const said = exitOutputs.subarray(i * classes, (i + 1) * classes);
      margins[i] = readMargin(said);
      agrees[i] = predictClass(said) === atEnd ? 1 : 0;
    }
  }
  return { margins, agrees };
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
    return { ...frame, ...(await simulateAll(plan, times, training, indices, runner, options)) };
  }
  const decides = { version: "exit-margins/1", snnSha256, times, T, readout, delay, input, seed, backend };
  const pixels = hashBytes(viewBytes(gatherImages(training, indices)));
  const key = hashText(stableJson({ ...decides, pixels, indices: [...indices] }));
  const found = readEntry(await cache.get(key), indices.length * times.length);
  if (found !== null) return { ...frame, ...found };
  const made = await simulateAll(plan, times, training, indices, runner, options);
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

async function simulateAll(
  { snn, setup, wasmUrl }: EvaluationPlan,
  times: readonly number[],
  training: ImageSet,
  indices: Uint32Array,
  runner: TaskRunner,
  { signal, onProgress }: FitOptions,
): Promise<MarginResult> {
  const margins = new Float64Array(indices.length * times.length);
  const agrees = new Uint8Array(margins.length);
  function* makeTasks(): Generator<MarginTask> {
    for (let from = 0; from < indices.length; from += batch) {
      const own = [...indices.subarray(from, from + batch)];
      yield { indices: own, pixels: gatherImages(training, own) };
    }
  }
  let done = 0;
  const report = () =>
    onProgress?.({ phase: "early exit thresholds", done, total: indices.length, unit: "images" });
  report();
  await runner.run<MarginShared, MarginTask, MarginResult>({
    kind: "exit-margins",
    shared: {
      snn: packSnn(snn),
      backend: setup.options.backend,
      times,
      options: setup.options,
      poissonSeed: setup.options.input === "poisson" ? setup.options.seed : null,
      wasmUrl: wasmUrl?.href,
    },
    tasks: makeTasks(),
    describe: (_, number) => `fitting images ${number * batch}…`,
    signal,
    onResult(result, number) {
      margins.set(result.margins, number * batch * times.length);
      agrees.set(result.agrees, number * batch * times.length);
      done += Math.min(batch, indices.length - number * batch);
      report();
    },
  });
  return { margins, agrees };
}
