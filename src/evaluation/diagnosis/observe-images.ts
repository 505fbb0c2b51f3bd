/**
 * Simulates images beside the network and splits every layer's error: the job `observe-images`.
 *
 * Knows: one batch. May not know: labels, how sums are judged, threads.
 *
 * The network runs as it is, and with each activation replaced by what the spikes say, so that the value of a layer is the
 * network's layer applied to the spiking network's own inputs (y₄ of split-error.ts); by what they say by step T and, where the
 * readout leaves the first d steps out, by what they say by step d too, for which these are simulated a second time.
 */
import type { LongCallOptions } from "../../core/progress.js";
import type { TaskHandler, TaskRunner } from "../../core/task-runner.js";
import { countElements } from "../../core/tensor.js";
import type { Readout } from "../../graph/node-types.js";
import type { Snn } from "../../graph/snn.js";
import { besideSpiking } from "../../inference/dense-kernels.js";
import type { FloatNetwork } from "../../inference/float-network.js";
import type { LayerCounts, SimulationResult, Simulator, SourceWeights } from "../../simulator/backend.js";
import { planSnn } from "../../simulator/plan/plan-snn.js";
import type { SnnPlan } from "../../simulator/plan/snn-plan.js";
import { type BackendName, networkBackend, simulatorBackends } from "../backend-list.js";
import { type ImageBatch, shareImages } from "../image-batches.js";
import { type PortableSnn, packSnn, unpackSnn } from "../portable-snn.js";
import { type DiagnosedLayer, listDiagnosed, unitAt } from "./diagnosed-layers.js";
import { drivingNetwork } from "./driving-network.js";
import { sumsOfImage } from "./error-parts.js";
import { type LayerMoment, valuesOfSteps } from "./layer-moment.js";
import { type ChargeReader, openCharges } from "./read-charges.js";
import { type ReadSteps, readSteps } from "./read-steps.js";
import { type CleanRates, splitError } from "./split-error.js";

export interface ObserveOptions extends LongCallOptions {
  /** Times of the outputs, ascending; the last is T. */
  readonly at: readonly number[];
  readonly readout: Readout;
  readonly delay: number;
  /** `wasm` by default. */
  readonly backend?: BackendName | undefined;
  /** Split the layers' errors; without, outputs alone. */
  readonly layers: boolean;
  /** Layers whose rates without their own errors are wanted too. */
  readonly rates?: readonly string[] | undefined;
  /** What is done, for people. */
  readonly phase: string;
  readonly wasmUrl?: URL | undefined;
}

export interface Observed {
  readonly n: number;
  /** The network's outputs [n,classes]. */
  readonly logits: Float32Array;
  /** The spiking network's at each time [n][at][classes]. */
  readonly outputs: Float64Array;
  /** With `layers`: sums of each image and layer, [n][layers][sumsOfImage]. */
  readonly sums: Float64Array;
  /** Layer → rates [n,C,H,W]. */
  readonly rates: ReadonlyMap<string, CleanRates>;
}

interface ObserveShared {
  readonly snn: PortableSnn;
  readonly backend: BackendName;
  readonly at: readonly number[];
  readonly readout: Readout;
  readonly delay: number;
  readonly layers: boolean;
  readonly rates: readonly string[];
  readonly wasmUrl?: string | undefined;
}

type ObserveResult = Omit<Observed, "rates"> & {
  readonly rates: readonly (readonly [layer: string, rates: CleanRates])[];
};

const batch = 8;

/** What a worker keeps from batch to batch. */
interface Observer {
  readonly shared: ObserveShared;
  /** What layers are judged by. */
  readonly read: ReadSteps;
  /** Asks for sums that nobody reads: counts are then kept at T alone, not at each time of the outputs. */
  readonly lastOnly: SourceWeights;
  readonly simulator: Simulator;
  readonly network: FloatNetwork;
  readonly driving: FloatNetwork;
  readonly charges: ChargeReader;
  readonly layers: readonly DiagnosedLayer[];
}

/** Handler of the job `observe-images`. */
export async function startObserveHandler(
  shared: ObserveShared,
): Promise<TaskHandler<ImageBatch, ObserveResult>> {
  const snn = unpackSnn(shared.snn);
  const read = readSteps(shared.at[shared.at.length - 1] as number, shared.readout, shared.delay);
  const plan = planSnn(snn.graph);
  const wasmUrl = shared.wasmUrl === undefined ? undefined : new URL(shared.wasmUrl);
  const float = besideSpiking(shared.wasmUrl);
  const observer: Observer = {
    shared,
    read,
    lastOnly: weighNothing(plan),
    simulator: await simulatorBackends[shared.backend].prepare(snn, { wasmUrl, plan }),
    network: await networkBackend.prepare(snn.network, float),
    driving: await networkBackend.prepare(drivingNetwork(snn), float),
    charges: await openCharges(snn, plan, float),
    layers: shared.layers ? listDiagnosed(snn, plan, read) : [],
  };
  return {
    handle: (task) => observeBatch(observer, task),
    free() {
      const { simulator, network, driving, charges } = observer;
      for (const each of [simulator, network, driving, charges]) each.free();
    },
  };
}

function weighNothing({ neurons }: SnnPlan): SourceWeights {
  return new Map(
    neurons.map(({ name, shape }) => {
      const none = new Uint8Array(countElements(shape));
      return [name, [none, none]];
    }),
  );
}

function observeBatch(observer: Observer, batch: ImageBatch): ObserveResult {
  const { shared, read, network, layers } = observer;
  const { images, n } = batch;
  const simulated = simulate(observer, batch, shared.at);
  const output = network.graph.output.id;
  const values = network.run(images, n, [...new Set([output, ...layers.map((layer) => layer.activation)])]);
  const logits = values.get(output) ?? new Float32Array(0);
  const { outputs } = simulated;
  if (!shared.layers) return { n, logits, outputs, sums: new Float64Array(0), rates: [] };
  const last = takeMoment(observer, batch, read.steps, simulated.layers);
  const before =
    read.left === 0
      ? null
      : takeMoment(observer, batch, read.left, simulate(observer, batch, [read.left]).layers);
  return { n, logits, outputs, ...splitLayers(observer, n, values, last, before) };
}

/** @param at times of the outputs; the last is that of counts and membranes */
function simulate(
  { shared, lastOnly, simulator }: Observer,
  { images, n }: ImageBatch,
  at: readonly number[],
): SimulationResult {
  const { readout, delay, layers: potentials } = shared;
  const steps = at[at.length - 1] as number;
  return simulator.run({ images, n, steps, snapshots: at, readout, delay, potentials, weights: lastOnly });
}

function takeMoment(
  { driving, charges, layers }: Observer,
  { images, n }: ImageBatch,
  t: number,
  simulated: readonly LayerCounts[],
): LayerMoment {
  const counts = new Map(simulated.map((layer) => [layer.name, lastCounts(layer, n)]));
  const potentials = new Map(simulated.map(({ name, potentials: v = none }) => [name, v]));
  const told = new Map(
    layers.map((layer) => [layer.activation, decode(layer, t, counts.get(layer.name) ?? none)]),
  );
  const drives = driving.run(images, n, [...told.keys()], told);
  return { t, counts, potentials, drives, chargeOf: charges.read(images, n, t, counts, potentials) };
}

const none = new Float64Array(0);

/** @param values the network's own */
function splitLayers(
  { shared, read, layers }: Observer,
  n: number,
  values: ReadonlyMap<string, Float32Array>,
  last: LayerMoment,
  before: LayerMoment | null,
): Pick<ObserveResult, "sums" | "rates"> {
  const sums = new Float64Array(n * layers.length * sumsOfImage);
  const rates: [string, CleanRates][] = [];
  for (const [which, layer] of layers.entries()) {
    const kept = shared.rates.includes(layer.name) ? makeRates(n * layer.neurons) : undefined;
    if (kept !== undefined) rates.push([layer.name, kept]);
    for (let image = 0; image < n; image++) {
      const [from, to] = [image * layer.neurons, (image + 1) * layer.neurons];
      const activation = values.get(layer.activation)?.subarray(from, to) ?? [];
      const judged = { ...valuesOfSteps(layer, image, read, last, before), activation };
      const room = kept && { even: kept.even.subarray(from, to), clean: kept.clean.subarray(from, to) };
      splitError(layer, judged, sums, (image * layers.length + which) * sumsOfImage, room);
    }
  }
  return { sums, rates };
}

const makeRates = (size: number): CleanRates => ({
  even: new Float32Array(size),
  clean: new Float32Array(size),
});

/** Counts at T, [n,C,H,W]. */
function lastCounts({ counts, shape }: LayerCounts, n: number): Int32Array {
  const size = countElements(shape);
  const times = counts.length / (n * size);
  if (times === 1) return counts;
  const last = new Int32Array(n * size);
  for (let image = 0; image < n; image++) {
    const from = ((image + 1) * times - 1) * size;
    last.set(counts.subarray(from, from + size), image * size);
  }
  return last;
}

/** What the spikes of steps 1…t say, λ·N(t)/t, [n,C,H,W]. */
function decode({ lambda, area, stage }: DiagnosedLayer, t: number, counts: ArrayLike<number>): Float32Array {
  const unit = unitAt(stage, t);
  const channels = lambda.length;
  return Float32Array.from(
    counts,
    (count, i) => (lambda[Math.floor(i / area) % channels] as number) * unit * count,
  );
}

/**
 * Observes images on the runner's threads; no result depends on how many there are.
 *
 * @param images preprocessed [n,C,H,W], read only
 */
export async function observeImages(
  snn: Snn,
  images: Float32Array,
  runner: TaskRunner,
  options: ObserveOptions,
): Promise<Observed> {
  const size = countElements(snn.graph.input.attributes.shape);
  const n = images.length / size;
  const { at, readout, delay, layers, rates = [], backend = "wasm", wasmUrl, signal, phase } = options;
  const parts: ObserveResult[] = [];
  let done = 0;
  await runner.run<ObserveShared, ImageBatch, ObserveResult>({
    kind: "observe-images",
    shared: { snn: packSnn(snn), backend, at, readout, delay, layers, rates, wasmUrl: wasmUrl?.href },
    ...shareImages(images, size, batch),
    signal,
    onResult(result, number) {
      parts[number] = result;
      done += result.n;
      options.onProgress?.({ phase, done, total: n, unit: "images" });
    },
  });
  return joinParts(parts, n, rates);
}

function joinParts(parts: readonly ObserveResult[], n: number, rates: readonly string[]): Observed {
  const ratesOf = (layer: string, which: keyof CleanRates) =>
    joinFloats(parts.map((part) => part.rates.find(([name]) => name === layer)?.[1][which]));
  const joinDoubles = (of: (part: ObserveResult) => Float64Array) => {
    const all = new Float64Array(parts.reduce((sum, part) => sum + of(part).length, 0));
    let from = 0;
    for (const part of parts) {
      all.set(of(part), from);
      from += of(part).length;
    }
    return all;
  };
  return {
    n,
    logits: joinFloats(parts.map(({ logits }) => logits)),
    outputs: joinDoubles(({ outputs }) => outputs),
    sums: joinDoubles(({ sums }) => sums),
    rates: new Map(
      rates.map((layer) => [layer, { even: ratesOf(layer, "even"), clean: ratesOf(layer, "clean") }]),
    ),
  };
}

function joinFloats(parts: readonly (Float32Array | undefined)[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let from = 0;
  for (const part of parts) {
    if (part === undefined) continue;
    all.set(part, from);
    from += part.length;
  }
  return all;
}
