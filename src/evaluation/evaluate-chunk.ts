/**
 * Evaluates a few images: the network, its spiking version, and the two side by side.
 *
 * Knows: one chunk. May not know: other chunks, threads, files.
 */
import { zlibSync } from "fflate";
import { viewBytes } from "../core/sha256.js";
import type { TaskHandler } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import type { Readout } from "../graph/node-types.js";
import { preprocessPixels } from "../graph/preprocessing.js";
import type { Snn } from "../graph/snn.js";
import { besideSpiking } from "../inference/dense-kernels.js";
import type { FloatNetwork } from "../inference/float-network.js";
import type { SimulationResult, Simulator } from "../simulator/backend.js";
import { predictClass } from "../simulator/predict-class.js";
import { type BackendName, networkBackend, simulatorBackends } from "./backend-list.js";
import type { ChunkRecord, LayerRecordSums } from "./chunk-record.js";
import { compareLayer } from "./compare-layer.js";
import { countMacsByInput, listWeightedNodes } from "./count-operations.js";
import { countOperations, makeOperationTables, type OperationTables } from "./operation-tables.js";
import { type PortableSnn, unpackSnn } from "./portable-snn.js";
import { isTopFive } from "./rank-label.js";

export interface ChunkShared {
  readonly snn: PortableSnn;
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
  /** Where spiking.wasm lies, dense.wasm beside it. */
  readonly wasmUrl?: string | undefined;
}

export interface ChunkTask {
  readonly start: number;
  readonly indices: readonly number[];
  readonly labels: readonly number[];
  /** [n,C,H,W] as the data set has them. */
  readonly pixels: Uint8Array | Float32Array;
}

export interface ChunkResult {
  readonly record: ChunkRecord;
  /** With `hash`: counts at T by image, layer, C, H, W, int32 little endian, compressed (zlib). */
  readonly counts: Uint8Array | null;
}

/** Handler of the job `evaluate-chunk`. */
export async function startChunkHandler(shared: ChunkShared): Promise<TaskHandler<ChunkTask, ChunkResult>> {
  const snn = unpackSnn(shared.snn);
  const options = shared.wasmUrl === undefined ? {} : { wasmUrl: new URL(shared.wasmUrl) };
  const simulator = await simulatorBackends[shared.backend].prepare(snn, options);
  const network = shared.ann
    ? await networkBackend.prepare(snn.network, besideSpiking(shared.wasmUrl))
    : null;
  const evaluator: Evaluator = {
    shared,
    snn,
    simulator,
    network,
    tables: makeOperationTables(snn),
    macs: network === null ? [] : listMacs(snn),
  };
  return {
    handle: (task) => evaluateChunk(evaluator, task),
    free() {
      simulator.free();
      network?.free();
    },
  };
}

/** A node that weighted nodes read, and the multiply-accumulates each of its elements takes part in. */
interface MacTable {
  readonly id: string;
  readonly links: Float64Array;
}

interface Evaluator {
  readonly shared: ChunkShared;
  readonly snn: Snn;
  readonly simulator: Simulator;
  readonly network: FloatNetwork | null;
  readonly tables: OperationTables;
  readonly macs: readonly MacTable[];
}

function listMacs({ network }: Snn): MacTable[] {
  return listWeightedNodes(network).map((node) => ({
    id: node.inputs[0] as string,
    links: countMacsByInput(network, node, true),
  }));
}

function evaluateChunk(evaluator: Evaluator, task: ChunkTask): ChunkResult {
  const { shared, snn, simulator } = evaluator;
  const [channels, height, width] = snn.graph.input.attributes.shape;
  const images = preprocessPixels(task.pixels, channels, height * width, snn.preprocessing);
  const n = task.indices.length;
  const values = runNetwork(evaluator, images, n);
  const result = simulator.run({
    images,
    n,
    steps: shared.steps,
    snapshots: shared.at,
    readout: shared.readout,
    delay: shared.delay,
    poisson:
      shared.poissonSeed === null ? undefined : { seed: shared.poissonSeed, imageIndices: task.indices },
  });
  const times = shared.at.map((_, snapshot) =>
    countOperations(evaluator.tables, result, n, shared.at.length, snapshot),
  );
  const record: ChunkRecord = {
    start: task.start,
    indices: [...task.indices],
    labels: [...task.labels],
    ann: values === null ? null : judgeNetwork(evaluator, values, task.labels),
    at: times.map(({ spikes, structural, effective }, snapshot) => ({
      ...judgeOutputs(result.outputs, task.labels, shared.at.length, snapshot),
      spikes,
      structural,
      effective,
    })),
    readoutOps: times[times.length - 1]?.readoutOps ?? 0,
    layers: compareLayers(evaluator, result, values, n),
    kernels: { ...simulator.kernels },
  };
  return { record, counts: shared.hash ? packCounts(result, n, shared.at.length) : null };
}

/** Values of the layers' activations, of what weighted nodes read, and of the output. */
function runNetwork({ network, snn, macs }: Evaluator, images: Float32Array, n: number) {
  if (network === null) return null;
  const { input, output } = snn.network;
  const keep = new Set([
    output.id,
    ...snn.layers.map((layer) => layer.activation),
    ...macs.map(({ id }) => id),
  ]);
  keep.delete(input.id);
  return new Map([...network.run(images, n, [...keep]), [input.id, images]]);
}

function judgeNetwork(
  { snn, macs }: Evaluator,
  values: ReadonlyMap<string, Float32Array>,
  labels: readonly number[],
): ChunkRecord["ann"] {
  const logits = values.get(snn.network.output.id) as Float32Array;
  let macsEffective = 0;
  for (const { id, links } of macs) {
    const activations = values.get(id) as Float32Array;
    for (let at = 0; at < activations.length; at++) {
      if (activations[at] !== 0) macsEffective += links[at % links.length] as number;
    }
  }
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
  return result.layers.map(({ name, shape, counts }) => {
    const layer = snn.layers.find((each) => each.name === name);
    const activations = layer === undefined ? null : (values?.get(layer.activation) ?? null);
    return compareLayer({
      shape,
      n,
      steps: shared.steps,
      lambda: layer?.lambda ?? [0],
      activations,
      countsOf: (image) => countsAtEnd(counts, countElements(shape), image, shared.at.length),
    });
  });
}

/** Counts of an image at the last observed time. */
function countsAtEnd(counts: Int32Array, size: number, image: number, snapshots: number): Int32Array {
  const from = ((image + 1) * snapshots - 1) * size;
  return counts.subarray(from, from + size);
}

function packCounts(result: SimulationResult, n: number, snapshots: number): Uint8Array {
  const sizes = result.layers.map(({ shape }) => countElements(shape));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const all = new Int32Array(n * total);
  let at = 0;
  for (let image = 0; image < n; image++) {
    for (const [index, { counts }] of result.layers.entries()) {
      all.set(countsAtEnd(counts, sizes[index] as number, image, snapshots), at);
      at += sizes[index] as number;
    }
  }
  return zlibSync(viewBytes(all), { level: 1 });
}
