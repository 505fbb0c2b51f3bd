/**
 * The trajectories of images that run to T: what they would have said at each time before.
 *
 * Knows: the job that simulates them. May not know: how thresholds are fitted to them, caches.
 */

import { predictClass } from "../../core/predict-class.js";
import type { LongCallOptions } from "../../core/progress.js";
import type { TaskHandler, TaskRunner } from "../../core/task-runner.js";
import { gatherImages, type ImageSet } from "../../datasets/dataset.js";
import { preprocessPixels } from "../../graph/preprocessing.js";
import type { Snn } from "../../graph/snn.js";
import type { Simulator } from "../../simulator/backend.js";
import { readMargin } from "../../simulator/exit-margin.js";
import { type BackendName, simulatorBackends } from "../backend-list.js";
import type { EvaluationPlan, EvaluationSetup } from "../evaluation-plan.js";
import { type PortableSnn, packSnn, unpackSnn } from "../portable-snn.js";

const batch = 50;

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

/** [n][times] each, as fit-thresholds.ts has them. */
export interface MarginResult {
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

function* makeTasks(training: ImageSet, indices: Uint32Array): Generator<MarginTask> {
  for (let from = 0; from < indices.length; from += batch) {
    const own = [...indices.subarray(from, from + batch)];
    yield { indices: own, pixels: gatherImages(training, own) };
  }
}

/** Images `indices` of the training split, run to T on the runner's threads. */
export async function simulateMargins(
  { snn, setup, wasmUrl }: EvaluationPlan,
  times: readonly number[],
  training: ImageSet,
  indices: Uint32Array,
  runner: TaskRunner,
  { signal, onProgress }: LongCallOptions,
): Promise<MarginResult> {
  const margins = new Float64Array(indices.length * times.length);
  const agrees = new Uint8Array(margins.length);
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
    tasks: makeTasks(training, indices),
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
