/**
 * Does a piece of work again and tells how long it took: the worker's side of a speed measurement.
 *
 * Knows: what can be timed (simulating, simulating and counting, the float network). May not know: rounds, threads,
 * labels, files.
 */

import { predictClass } from "../core/predict-class.js";
import type { TaskHandler } from "../core/task-runner.js";
import type { Readout } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { FloatNetwork } from "../inference/float-network.js";
import type {
  BackendOptions,
  KernelExplanation,
  SimulationResult,
  Simulator,
  SourceWeights,
} from "../simulator/backend.js";
import { type BackendName, networkBackend, simulatorBackends } from "./backend-list.js";
import { countOperations, type OperationTables, weighSources } from "./operation-tables.js";
import { type PortableSnn, unpackSnn } from "./portable-snn.js";

/** What is timed. */
export type SpeedWork =
  /** T steps and the outputs at T: what a prediction takes. No counts are taken out. */
  | { readonly kind: "simulate"; readonly steps: number }
  /** T steps with what an evaluation counts: spikes and operations of each layer at each of the times; the last is T. */
  | { readonly kind: "count"; readonly at: readonly number[] }
  /** The float network the SNN came from, once an image. */
  | { readonly kind: "network" };

export interface SpeedShared {
  readonly snn: PortableSnn;
  readonly tables: OperationTables;
  readonly backend: BackendName;
  readonly readout: Readout;
  readonly delay: number;
  readonly wasmUrl?: string | undefined;
}

export interface SpeedTask {
  readonly work: SpeedWork;
  /** Preprocessed [n,C,H,W]. */
  readonly images: Float32Array;
  readonly n: number;
}

export interface SpeedResult {
  /** Of the work alone, in this thread. */
  readonly milliseconds: number;
  /** Stage (layer or gate) → milliseconds spent in it; empty where the backend does not tell. */
  readonly stages: readonly (readonly [id: string, milliseconds: number])[];
  /** With `count`: the planner's choice of each layer; empty where the backend has no planner. */
  readonly explanations: readonly KernelExplanation[];
  /** Class of each image (at T). */
  readonly predictions: Int32Array;
  /** With `count`: for each time the spikes of each layer in topological order, Σ over images. */
  readonly spikes: readonly (readonly number[])[];
}

/** A simulator that may tell where its time goes. */
interface TimedSimulator extends Simulator {
  readMilliseconds?(): ReadonlyMap<string, number>;
}

interface Prepared {
  readonly shared: SpeedShared;
  readonly snn: Snn;
  readonly simulator: TimedSimulator;
  readonly network: FloatNetwork;
  readonly weights: SourceWeights;
  /** The last result, which nobody reads any more. */
  recycle?: SimulationResult | undefined;
}

/** Handler of the job `measure-speed`. */
export async function startSpeedHandler(shared: SpeedShared): Promise<TaskHandler<SpeedTask, SpeedResult>> {
  const snn = unpackSnn(shared.snn);
  const options: BackendOptions = shared.wasmUrl === undefined ? {} : { wasmUrl: new URL(shared.wasmUrl) };
  const beside = options.wasmUrl === undefined ? {} : { wasmUrl: new URL("dense.wasm", options.wasmUrl) };
  const simulator = await simulatorBackends[shared.backend].prepare(snn, options);
  const network = await networkBackend.prepare(snn.network, beside);
  const prepared: Prepared = { shared, snn, simulator, network, weights: weighSources(shared.tables) };
  return {
    handle: (task) => (task.work.kind === "network" ? runNetwork(prepared, task) : simulate(prepared, task)),
    free() {
      simulator.free();
      network.free();
    },
  };
}

function runNetwork({ snn, network }: Prepared, { images, n }: SpeedTask): SpeedResult {
  const { id } = snn.network.output;
  const began = performance.now();
  const outputs = network.run(images, n, [id]).get(id) ?? new Float32Array(0);
  const milliseconds = performance.now() - began;
  return { milliseconds, stages: [], explanations: [], predictions: predictAll(outputs, n, 1), spikes: [] };
}

function simulate(prepared: Prepared, { work, images, n }: SpeedTask): SpeedResult {
  const { shared, simulator, recycle } = prepared;
  const snapshots = work.kind === "count" ? work.at : [(work as { readonly steps: number }).steps];
  const steps = snapshots[snapshots.length - 1] as number;
  const before = new Map(simulator.readMilliseconds?.() ?? []);
  const began = performance.now();
  const { readout, delay } = shared;
  const weights = work.kind === "count" ? prepared.weights : undefined;
  const counted = work.kind === "count" ? undefined : [];
  const result = simulator.run({ images, n, steps, snapshots, readout, delay, weights, counted, recycle });
  prepared.recycle = result;
  const spikes = work.kind === "count" ? countAll(shared, result, n, snapshots.length) : [];
  const milliseconds = performance.now() - began;
  const stages = [...(simulator.readMilliseconds?.() ?? [])].map(
    ([id, sum]) => [id, sum - (before.get(id) ?? 0)] as const,
  );
  const predictions = predictAll(result.outputs, n, snapshots.length);
  const explanations = work.kind === "count" ? simulator.explain() : [];
  return { milliseconds, stages, explanations, predictions, spikes };
}

function countAll(
  { tables }: SpeedShared,
  result: SimulationResult,
  n: number,
  snapshots: number,
): number[][] {
  return Array.from(
    { length: snapshots },
    (_, at) => countOperations(tables, result, n, snapshots, at).spikes,
  );
}

/** Class of each image at the last of its times; outputs [n][snapshots][classes]. */
function predictAll(outputs: Float32Array | Float64Array, n: number, snapshots: number): Int32Array {
  const classes = outputs.length / (n * snapshots);
  return Int32Array.from({ length: n }, (_, image) => {
    const end = (image + 1) * snapshots * classes;
    return predictClass(outputs.subarray(end - classes, end));
  });
}
