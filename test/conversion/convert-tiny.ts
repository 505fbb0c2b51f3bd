/** Converts a small network with everything in this thread, simulation by the reference. */
import assert from "node:assert/strict";
import type { ConversionContext } from "#src/conversion/conversion-context.js";
import { conversionJobs } from "#src/conversion/conversion-jobs.js";
import { convertGraph } from "#src/conversion/convert-graph.js";
import { type ExplicitOptions, resolveConvertOptions } from "#src/conversion/convert-options.js";
import type { Simulation } from "#src/conversion/simulation.js";
import { makeInlineRunner } from "#src/core/inline-runner.js";
import { predictClass } from "#src/core/predict-class.js";
import { jobTable } from "#src/evaluation/job-table.js";
import { replayLayer } from "#src/evaluation/replay-layer.js";
import type { Graph } from "#src/graph/graph.js";
import type { Readout } from "#src/graph/node-types.js";
import { type Preprocessing, preprocessingPresets, preprocessPixels } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import { referenceBackend } from "#src/simulator/reference/reference-backend.js";
import { noise, upTo } from "./tiny-networks.js";

export const preprocessing = preprocessingPresets.cifar10 as Preprocessing;

export const prepareImages = (n: number, from = 0) =>
  preprocessPixels(noise.read(upTo(n, from)) as Uint8Array, 3, 64, preprocessing);

export async function simulate(snn: Snn, images: Float32Array, steps: number) {
  const simulator = await referenceBackend.prepare(snn);
  const { readout = "mean", delay = 0 } = snn.options as { readout?: Readout; delay?: number };
  return simulator.run({ images, n: images.length / 192, steps, snapshots: [steps], readout, delay });
}

async function countLayer(snn: Snn, layer: string, indices: Uint32Array, steps: number): Promise<Int32Array> {
  const images = preprocessPixels(noise.read(indices) as Uint8Array, 3, 64, preprocessing);
  const { layers } = await simulate(snn, images, steps);
  return layers.find(({ name }) => name === layer)?.counts as Int32Array;
}

export const referenceSimulation: Simulation = {
  async predict(snn, indices, steps) {
    const images = preprocessPixels(noise.read(indices) as Uint8Array, 3, 64, preprocessing);
    const { outputs, layers } = await simulate(snn, images, steps);
    const classes = outputs.length / indices.length;
    return {
      outputs,
      predictions: Int32Array.from(indices, (_, at) =>
        predictClass(outputs.subarray(at * classes, (at + 1) * classes)),
      ),
      maxRates: new Map(
        layers.map(({ name, counts }) => [name, counts.reduce((m, c) => Math.max(m, c), 0) / steps]),
      ),
    };
  },
  /** The whole network anew: this backend replays nothing, and what the layer sent is not told. */
  async replayLayer(snn, layer, given, indices, steps, delay) {
    assert.equal(given.size, 0);
    const counts = await countLayer(snn, layer, indices, steps);
    if (delay === 0) return { counts, late: counts, sent: [] };
    const early = await countLayer(snn, layer, indices, delay);
    return { counts, late: counts.map((count, at) => count - (early[at] as number)), sent: [] };
  },
  async compare(one, other, indices, steps) {
    const images = preprocessPixels(noise.read(indices) as Uint8Array, 3, 64, preprocessing);
    const [a, b] = [await simulate(one, images, steps), await simulate(other, images, steps)];
    const classes = a.outputs.length / indices.length;
    const classOf = (outputs: Float64Array, at: number) =>
      predictClass(outputs.subarray(at * classes, (at + 1) * classes));
    const changed = [...indices.keys()].filter((at) => classOf(a.outputs, at) !== classOf(b.outputs, at));
    let [difference, spikes] = [0, 0];
    for (const [index, { counts }] of a.layers.entries()) {
      for (const [at, count] of counts.entries()) {
        spikes += count;
        difference += Math.abs(count - (b.layers[index]?.counts[at] as number));
      }
    }
    const correct = [indices.length, indices.length - changed.length] as const;
    return { changedPredictions: changed.length, difference, spikes, correct };
  },
};

/** Layers are replayed by the fast backend. */
export const replayingSimulation: Simulation = {
  ...referenceSimulation,
  replayLayer(snn, layer, given, indices, steps, delay) {
    const images = preprocessPixels(noise.read(indices) as Uint8Array, 3, 64, preprocessing);
    return replayLayer(snn, images, makeInlineRunner(jobTable), { layer, given, steps, delay });
  },
};

/** Simulates only for compensation, or with a `simulation` of the context. */
export function convertTiny(
  graph: Graph,
  options: ExplicitOptions = {},
  context: Partial<ConversionContext> = {},
) {
  return convertGraph({ graph, preprocessing }, resolveConvertOptions({ T: 64, ...options }), {
    calibration: { source: noise, indices: upTo(24), judgingIndices: upTo(8, 100) },
    runner: makeInlineRunner(conversionJobs),
    simulation:
      options.compensate === undefined && options.adjust === undefined ? undefined : replayingSimulation,
    ...context,
  });
}
