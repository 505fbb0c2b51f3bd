/**
 * Evaluates a few images: the network, its spiking version, and the two side by side.
 *
 * Knows: one chunk. May not know: other chunks, threads, files.
 */
import { zlibSync } from "fflate";
import { predictClass } from "../core/predict-class.js";
import { viewBytes } from "../core/sha256.js";
import type { TaskHandler } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import type { Readout } from "../graph/node-types.js";
import { preprocessPixels } from "../graph/preprocessing.js";
import { countOfLambda, largestCount } from "../graph/refinement.js";
import type { Snn } from "../graph/snn.js";
import { besideSpiking } from "../inference/dense-kernels.js";
import type { FloatNetwork } from "../inference/float-network.js";
import type {
  ExitRequest,
  SimulationRequest,
  SimulationResult,
  Simulator,
  SourceWeights,
} from "../simulator/backend.js";
import type { SnnPlan } from "../simulator/plan/snn-plan.js";
import { type BackendName, networkBackend, simulatorBackends } from "./backend-list.js";
import type { ChunkRecord, LayerRecordSums } from "./chunk-record.js";
import { compareLayer } from "./compare-layer.js";
import { countsAtEnd } from "./counts-at-end.js";
import { countEffectiveMacs, type MacTables } from "./mac-tables.js";
import { countOperations, type OperationTables, weighSources } from "./operation-tables.js";
import { countPixelOperations, type PixelOperations } from "./pixel-operations.js";
import { type PortableSnn, unpackSnn } from "./portable-snn.js";
import { isTopFive } from "./rank-label.js";

export interface ChunkShared {
  readonly snn: PortableSnn;
  readonly stages: SnnPlan;
  readonly tables: OperationTables;
  /** Empty where the network is not run. */
  readonly macs: MacTables;
  readonly backend: BackendName;
  readonly steps: number;
  /** Observed times, ascending; the last is `steps`. */
  readonly at: readonly number[];
  readonly readout: Readout;
  readonly delay: number;
  /** Seed of `--input poisson`; null for constant currents. */
  readonly poissonSeed: number | null;
  /** Run the network too. */
  readonly ann: boolean;
  /** Return all counts, for the hash. */
  readonly hash: boolean;
  /** With early exit: when images stop. */
  readonly exit: ExitRequest | null;
  /** Where spiking.wasm lies, dense.wasm beside it. */
  readonly wasmUrl?: string | undefined;
}

export interface ChunkTask {
  readonly start: number;
  readonly indices: readonly number[];
  readonly labels: readonly number[];
  /** [n,C,H,W] as the data set has them. */
  readonly pixels: Uint8Array | Float32Array;
  /** Run to T also with early exit, to measure what it changes. */
  readonly toEnd: boolean;
}

export interface ChunkResult {
  readonly record: ChunkRecord;
  /** With `hash`: counts at T by image, layer, C, H, W, int32 little endian, compressed (zlib). */
  readonly counts: Uint8Array | null;
}

/** Handler of the job `evaluate-chunk`. */
export async function startChunkHandler(shared: ChunkShared): Promise<TaskHandler<ChunkTask, ChunkResult>> {
  const snn = unpackSnn(shared.snn);
  const wasmUrl = shared.wasmUrl === undefined ? undefined : new URL(shared.wasmUrl);
  const options = { wasmUrl, plan: shared.stages };
  const simulator = await simulatorBackends[shared.backend].prepare(snn, options);
  const network = shared.ann
    ? await networkBackend.prepare(snn.network, besideSpiking(shared.wasmUrl))
    : null;
  const evaluator: Evaluator = {
    shared,
    snn,
    simulator,
    network,
    weights: weighSources(shared.tables),
  };
  return {
    handle: (task) => evaluateChunk(evaluator, task),
    free() {
      simulator.free();
      network?.free();
    },
  };
}

interface Evaluator {
  readonly weights: SourceWeights;
  readonly shared: ChunkShared;
  readonly snn: Snn;
  readonly simulator: Simulator;
  readonly network: FloatNetwork | null;
  /** The last chunk's result, which nobody reads any more. */
  recycle?: SimulationResult | undefined;
}

/** 1. the network; 2. its spiking version; 3. what is kept of both. */
function evaluateChunk(evaluator: Evaluator, task: ChunkTask): ChunkResult {
  const { shared, snn, simulator } = evaluator;
  const [channels, height, width] = snn.graph.input.attributes.shape;
  const images = preprocessPixels(task.pixels, channels, height * width, snn.preprocessing);
  const n = task.indices.length;
  // 1.
  const values = runNetwork(evaluator, images, n);
  // 2.
  const exit = task.toEnd ? null : shared.exit;
  const result = simulator.run(requestOf(evaluator, task, images, exit));
  evaluator.recycle = result;
  // 3.
  const times = shared.at.map((_, snapshot) =>
    countOperations(shared.tables, result, n, shared.at.length, snapshot),
  );
  const ofPixels = countPixels(evaluator, task, images, result);
  const record: ChunkRecord = {
    start: task.start,
    indices: [...task.indices],
    labels: [...task.labels],
    ann: values === null ? null : judgeNetwork(evaluator, values, task.labels),
    at: times.map(({ spikes, structural, effective, events }, snapshot) => ({
      ...judgeOutputs(result.outputs, task.labels, shared.at.length, snapshot),
      spikes,
      structural,
      effective,
      ...(events && { events: events.spikes, eventOps: events.effective }),
      ...pixelsAt(ofPixels, snapshot),
    })),
    readoutOps: (times.at(-1)?.readoutOps ?? 0) + (ofPixels?.at(-1)?.readout ?? 0),
    // Rates are those of T steps: with early exit the images that are run to the end tell them.
    layers: exit === null ? compareLayers(evaluator, result, values, n) : [],
    kernels: { ...simulator.kernels },
    ...(result.exitSteps === undefined ? {} : { exitSteps: [...result.exitSteps] }),
  };
  const isHashed = shared.hash && (shared.exit === null || exit !== null);
  return { record, counts: isHashed ? packCounts(result, n) : null };
}

/** What the images' spikes cost, where pixels spike. */
function countPixels(
  { shared, snn }: Evaluator,
  { indices }: ChunkTask,
  images: Float32Array,
  { exitSteps }: SimulationResult,
): readonly PixelOperations[] | null {
  const { tables, at, poissonSeed: seed } = shared;
  if (seed === null) return null;
  return countPixelOperations(tables, { input: snn.graph.input.id, images, seed, indices, at, exitSteps });
}

function pixelsAt(ofPixels: readonly PixelOperations[] | null, snapshot: number) {
  const found = ofPixels?.[snapshot];
  return found && { pixels: { structural: found.structural, effective: found.effective } };
}

function requestOf(
  { shared, weights, recycle }: Evaluator,
  { indices }: ChunkTask,
  images: Float32Array,
  exit: ChunkShared["exit"],
): SimulationRequest {
  const { steps, at: snapshots, readout, delay, poissonSeed } = shared;
  const poisson = poissonSeed === null ? undefined : { seed: poissonSeed, imageIndices: indices };
  const n = indices.length;
  return { images, n, steps, snapshots, readout, delay, poisson, exit: exit ?? undefined, weights, recycle };
}

/** Values of the layers' activations, of what weighted nodes read, and of the output. */
function runNetwork({ network, snn, shared }: Evaluator, images: Float32Array, n: number) {
  if (network === null) return null;
  const { input, output } = snn.network;
  const keep = new Set([output.id, ...snn.layers.map((layer) => layer.activation), ...shared.macs.keys()]);
  keep.delete(input.id);
  return new Map([...network.run(images, n, [...keep]), [input.id, images]]);
}

function judgeNetwork(
  { snn, shared }: Evaluator,
  values: ReadonlyMap<string, Float32Array>,
  labels: readonly number[],
): ChunkRecord["ann"] {
  const logits = values.get(snn.network.output.id) as Float32Array;
  const macsEffective = countEffectiveMacs(shared.macs, values, labels.length);
  return { ...judgeOutputs(logits, labels, 1, 0), macsEffective };
}

/** Class and top five of each image's outputs at one observed time; outputs [n][snapshots][classes]. */
function judgeOutputs(
  outputs: Float32Array | Float64Array,
  labels: readonly number[],
  snapshots: number,
  snapshot: number,
) {
  const classes = outputs.length / (labels.length * snapshots);
  const rows = labels.map((_, image) => {
    const from = (image * snapshots + snapshot) * classes;
    return outputs.subarray(from, from + classes);
  });
  return {
    predictions: rows.map(predictClass),
    top5: rows.map((row, image) => isTopFive(row, labels[image] as number)),
  };
}

function compareLayers(
  { snn, shared }: Evaluator,
  result: SimulationResult,
  values: ReadonlyMap<string, Float32Array> | null,
  n: number,
): LayerRecordSums[] {
  const { refine, neurons } = shared.stages;
  return result.layers.map((layer, index) => {
    const gain = neurons[index]?.hi ?? 1;
    const source = snn.layers.find(({ name }) => name === layer.name);
    const activations = source === undefined ? null : (values?.get(source.activation) ?? null);
    return compareLayer({
      shape: layer.shape,
      n,
      full: countOfLambda(refine, shared.steps),
      most: refine === null ? shared.steps : largestCount(gain, refine, shared.steps),
      lambda: source?.lambda ?? [0],
      activations,
      countsOf: (image) => countsAtEnd(layer, n, image),
    });
  });
}

function packCounts(result: SimulationResult, n: number): Uint8Array {
  const total = result.layers.reduce((sum, { shape }) => sum + countElements(shape), 0);
  const all = new Int32Array(n * total);
  let at = 0;
  for (let image = 0; image < n; image++) {
    for (const layer of result.layers) {
      const counts = countsAtEnd(layer, n, image);
      all.set(counts, at);
      at += counts.length;
    }
  }
  return zlibSync(viewBytes(all), { level: 1 });
}
