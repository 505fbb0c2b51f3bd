/**
 * Two spiking networks on the same images: how far their spike counts and decisions are apart.
 *
 * Knows: the job and its sums. May not know: why they are compared, labels.
 */

import { predictClasses } from "../core/predict-class.js";
import type { LongCallOptions } from "../core/progress.js";
import type { TaskHandler, TaskRunner } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import type { Readout } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { SimulationResult } from "../simulator/backend.js";
import { simulatorBackends } from "./backend-list.js";
import { type PortableSpiking, packSpiking, unpackSpiking } from "./portable-snn.js";

export interface CompareOptions extends LongCallOptions {
  /** T */
  readonly steps: number;
  readonly readout: Readout;
  readonly delay: number;
  readonly wasmUrl?: URL | undefined;
}

export interface ComparedSpikes {
  /** Class of each image at T, of the one and of the other. */
  readonly predictions: readonly [Int32Array, Int32Array];
  /** Σ|ΔN| over neurons and images, ΣN of the first. */
  readonly difference: number;
  readonly spikes: number;
}

interface CompareShared {
  readonly snns: readonly [PortableSpiking, PortableSpiking];
  readonly steps: number;
  readonly readout: Readout;
  readonly delay: number;
  readonly wasmUrl?: string | undefined;
}

interface CompareTask {
  readonly images: Float32Array;
  readonly n: number;
}

/** Handler of the job `compare-spikes`. */
export async function startCompareHandler(
  shared: CompareShared,
): Promise<TaskHandler<CompareTask, ComparedSpikes>> {
  const wasmUrl = shared.wasmUrl === undefined ? undefined : new URL(shared.wasmUrl);
  const options = { wasmUrl, handsOn: true };
  const prepare = (snn: PortableSpiking) => simulatorBackends.wasm.prepare(unpackSpiking(snn), options);
  const [one, other] = [await prepare(shared.snns[0]), await prepare(shared.snns[1])];
  return {
    handle({ images, n }) {
      const { steps, readout, delay } = shared;
      const request = { images, n, steps, snapshots: [steps], readout, delay };
      return compareResults(one.run(request), other.run(request), n);
    },
    free() {
      one.free();
      other.free();
    },
  };
}

function compareResults(one: SimulationResult, other: SimulationResult, n: number): ComparedSpikes {
  let [difference, spikes] = [0, 0];
  for (const [index, { counts }] of one.layers.entries()) {
    const others = other.layers[index]?.counts ?? new Int32Array(counts.length);
    for (let at = 0; at < counts.length; at++) {
      spikes += Math.abs(counts[at] as number);
      difference += Math.abs((counts[at] as number) - (others[at] as number));
    }
  }
  return {
    predictions: [predictClasses(one.outputs, n), predictClasses(other.outputs, n)],
    difference,
    spikes,
  };
}

const batch = 4;

/**
 * Both networks on the wasm backend, on the runner's threads; no result depends on how many there are.
 *
 * @param images preprocessed [n,C,H,W], read only
 * @throws RespikeError of the simulator
 */
export async function compareSpikes(
  one: Snn,
  other: Snn,
  images: Float32Array,
  runner: TaskRunner,
  options: CompareOptions,
): Promise<ComparedSpikes> {
  const size = countElements(one.graph.input.attributes.shape);
  const n = images.length / size;
  const predictions = [new Int32Array(n), new Int32Array(n)] as const;
  let [difference, spikes, done] = [0, 0, 0];
  function* makeTasks(): Generator<CompareTask> {
    for (let from = 0; from < n; from += batch) {
      const to = Math.min(n, from + batch);
      yield { images: images.slice(from * size, to * size), n: to - from };
    }
  }
  await runner.run<CompareShared, CompareTask, ComparedSpikes>({
    kind: "compare-spikes",
    shared: {
      snns: [packSpiking(one), packSpiking(other)],
      steps: options.steps,
      readout: options.readout,
      delay: options.delay,
      wasmUrl: options.wasmUrl?.href,
    },
    tasks: makeTasks(),
    describe: (_, number) => `held-back training images ${number * batch}…`,
    signal: options.signal,
    onResult(result, number) {
      for (const which of [0, 1] as const) predictions[which].set(result.predictions[which], number * batch);
      // Whole numbers far below 2⁵³: the order does not matter.
      difference += result.difference;
      spikes += result.spikes;
      done += result.predictions[0].length;
      options.onProgress?.({ phase: "comparison", done, total: n, unit: "images" });
    },
  });
  return { predictions, difference, spikes };
}
