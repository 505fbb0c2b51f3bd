/**
 * Simulates images without judging them: predictions, outputs, largest rates.
 *
 * Knows: what a search for one factor asks for. May not know: labels, threads.
 */

import { predictClasses } from "../core/predict-class.js";
import type { LongCallOptions } from "../core/progress.js";
import type { TaskHandler, TaskRunner } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import type { Readout } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { SimulationResult } from "../simulator/backend.js";
import { type BackendName, simulatorBackends } from "./backend-list.js";
import { type ImageBatch, shareImages } from "./image-batches.js";
import { type PortableSpiking, packSpiking, unpackSpiking } from "./portable-snn.js";

export interface SimulateOptions extends LongCallOptions {
  /** T */
  readonly steps: number;
  /** `mean` by default. */
  readonly readout?: Readout | undefined;
  /** 0 by default. */
  readonly delay?: number | undefined;
  /** `wasm` by default. */
  readonly backend?: BackendName | undefined;
  /** Asked after each batch with the predictions so far: once it says yes no more images are begun. */
  readonly isEnough?: ((predictions: Int32Array) => boolean) | undefined;
  /** Images a worker takes at once (8). */
  readonly batch?: number | undefined;
  readonly wasmUrl?: URL | undefined;
}

export interface SimulatedImages {
  /** Class of each image at T; −1 of images that were not simulated. */
  readonly predictions: Int32Array;
  /** The readout at T, [n,classes]; 0 of images that were not simulated. */
  readonly outputs: Float64Array;
  /** Layer → the largest |N|/T over images and neurons, in topological order. */
  readonly maxRates: ReadonlyMap<string, number>;
}

interface SimulateShared {
  readonly snn: PortableSpiking;
  readonly backend: BackendName;
  readonly steps: number;
  readonly readout: Readout;
  readonly delay: number;
  readonly wasmUrl?: string | undefined;
}

interface SimulateResult {
  readonly predictions: Int32Array;
  readonly outputs: Float64Array;
  readonly largest: readonly (readonly [layer: string, count: number])[];
}

/** Handler of the job `simulate`. */
export async function startSimulateHandler(
  shared: SimulateShared,
): Promise<TaskHandler<ImageBatch, SimulateResult>> {
  const wasmUrl = shared.wasmUrl === undefined ? undefined : new URL(shared.wasmUrl);
  const options = { wasmUrl, handsOn: true };
  const simulator = await simulatorBackends[shared.backend].prepare(unpackSpiking(shared.snn), options);
  let recycle: SimulationResult | undefined;
  return {
    handle({ images, n }) {
      const { steps, readout, delay } = shared;
      const result = simulator.run({ images, n, steps, snapshots: [steps], readout, delay, recycle });
      const { outputs, layers } = result;
      recycle = result;
      return {
        outputs,
        predictions: predictClasses(outputs, n),
        largest: layers.map(({ name, counts }) => [name, largestCount(counts)] as const),
      };
    },
    free: () => simulator.free(),
  };
}

function largestCount(counts: Int32Array): number {
  let largest = 0;
  for (let at = 0; at < counts.length; at++) largest = Math.max(largest, Math.abs(counts[at] as number));
  return largest;
}

const shareSimulation = (snn: Snn, options: SimulateOptions): SimulateShared => ({
  snn: packSpiking(snn),
  backend: options.backend ?? "wasm",
  steps: options.steps,
  readout: options.readout ?? "mean",
  delay: options.delay ?? 0,
  wasmUrl: options.wasmUrl?.href,
});

function* takeWhile<Item>(items: Iterable<Item>, isWanted: () => boolean): Generator<Item> {
  for (const item of items) {
    if (!isWanted()) return;
    yield item;
  }
}

/**
 * Simulates images for T steps on the runner's threads; no result depends on how many there are.
 *
 * @param images preprocessed [n,C,H,W], read only
 * @throws RespikeError of the simulator
 */
export async function simulateImages(
  snn: Snn,
  images: Float32Array,
  runner: TaskRunner,
  options: SimulateOptions,
): Promise<SimulatedImages> {
  const size = countElements(snn.graph.input.attributes.shape);
  const n = images.length / size;
  const batch = options.batch ?? 8;
  const predictions = new Int32Array(n).fill(-1);
  const outputs = new Float64Array(n * countElements(snn.graph.shape(snn.graph.output.id)));
  const rated = snn.graph.nodes.filter(({ op }) => op === "neuron");
  const largest = new Map(rated.map(({ id }) => [id, 0]));
  let [done, isEnough] = [0, false];
  const shared = shareImages(images, size, batch);
  await runner.run<SimulateShared, ImageBatch, SimulateResult>({
    kind: "simulate",
    shared: shareSimulation(snn, options),
    ...shared,
    tasks: takeWhile(shared.tasks, () => !isEnough),
    signal: options.signal,
    onResult(result, number) {
      predictions.set(result.predictions, number * batch);
      outputs.set(result.outputs, (number * batch * outputs.length) / n);
      for (const [layer, count] of result.largest)
        largest.set(layer, Math.max(largest.get(layer) ?? 0, count));
      done += result.predictions.length;
      isEnough ||= options.isEnough?.(predictions) ?? false;
      options.onProgress?.({ phase: "simulation", done, total: n, unit: "images" });
    },
  });
  const maxRates = new Map([...largest].map(([layer, count]) => [layer, count / options.steps]));
  return { predictions, outputs, maxRates };
}
