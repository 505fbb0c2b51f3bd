/**
 * What a simulator backend is: it prepares a spiking network once and runs batches of images.
 *
 * Every backend shares the dynamics of graph/snn.ts and, in integer formats, gives the same
 * spikes to the bit. Backends do not share: memory layout, order of work, kernels.
 * May not know: labels, accuracy, files.
 */

import type { Readout, Shape } from "../graph/node-types.js";
import type { Snn } from "../graph/snn.js";
import type { SnnPlan } from "./plan/snn-plan.js";

export interface SimulationRequest {
  /** Preprocessed images [N,C,H,W], read only. */
  readonly images: Float32Array;
  readonly n: number;
  /** T, steps. */
  readonly steps: number;
  /** Times 1…T, ascending, at which outputs and counts are taken; the last is T. */
  readonly snapshots: readonly number[];
  readonly readout: Readout;
  /** d: `mean` averages over d+1…t, over 1…t while t ≤ d. */
  readonly delay: number;
  /** Pixels as random spikes (probability x̂) instead of constant currents. */
  readonly poisson?: { readonly seed: number; readonly imageIndices: readonly number[] } | undefined;
  /** Traces to keep, layer by layer; `output` is always part of a record. */
  readonly record?: RecordRequest | undefined;
  /**
   * Asks for weighted sums of counts at the snapshots. A backend that takes them gives `sums` of each layer, and the
   * counts themselves at T alone.
   */
  readonly weights?: SourceWeights | undefined;
  /** Layers and gates whose counts (`counts`, `magnitudes`, `events`) are wanted, by name; without, all. Those of others have length 0. */
  readonly counted?: readonly string[] | undefined;
  /** Asks for each layer's membranes after step T; not together with `exit`. */
  readonly potentials?: boolean | undefined;
  /** Layers whose spikes of all steps are wanted. */
  readonly keepSpikes?: readonly string[] | undefined;
  /** What the layers send that the simulator was prepared to replay, of these images and steps. */
  readonly replay?: ReadonlyMap<string, PackedSpikes> | undefined;
  /** Stop each image as soon as it is decided; without, all run to T. Not together with `record`. */
  readonly exit?: ExitRequest | undefined;
  /** A result of this simulator that is not read any more: its arrays may become the new result's. */
  readonly recycle?: SimulationResult | undefined;
}

/**
 * All spikes of a layer: image after image [plane][y][t][x][block], a bit for each of 16 channels; spikes of more than one
 * bit are sums over planes (wasm/planning/spike-planes.ts). What one run kept another may be given.
 */
export type PackedSpikes = Uint16Array;

/** Layer or gate → two weights of each of its elements, [C,H,W]; whole numbers 0…2³¹−1. */
export type SourceWeights = ReadonlyMap<string, readonly [ArrayLike<number>, ArrayLike<number>]>;

/**
 * When an image stops: after the first step t of `times` at which the margin of its readout (largest output less
 * second largest) is greater than the threshold of t. It is simulated no further; its outputs and counts at later
 * snapshots are those of that step.
 */
export interface ExitRequest {
  /** 1…T, ascending. */
  readonly times: readonly number[];
  /** One a time, in units of the readout; Infinity for never. */
  readonly thresholds: ArrayLike<number>;
}

export interface RecordRequest {
  /** Layer names. */
  readonly layers: readonly string[];
  readonly spikes: boolean;
  readonly potentials: boolean;
  readonly currents: boolean;
}

/** Counts of one layer: [N][snapshots][neurons], image after image; Σ s up to the snapshot (N, in quanta of that step, where the layer refines). With `sums` [N][neurons]: those at T. */
export interface LayerCounts {
  readonly name: string;
  readonly shape: Shape;
  readonly counts: Int32Array;
  /** Σ|s| up to the snapshot, laid out as `counts`; absent where no spike is negative, so that it equals `counts`. */
  readonly magnitudes?: Int32Array | undefined;
  /** Spikes that are not 0 up to the snapshot, each counted once, laid out as `counts`; of layers that refine. */
  readonly events?: Int32Array | undefined;
  /** With `weights`, of backends that take them: Σ|s| and its two weighted sums over all elements, [N][snapshots][3]. */
  readonly sums?: Float64Array | undefined;
  /** The same of `events`. */
  readonly eventSums?: Float64Array | undefined;
  /** With `potentials`, of layers with neurons: V(T) after the reset, [N][neurons], in units of the layer's threshold tensor. */
  readonly potentials?: Float64Array | undefined;
}

/** Traces of one layer of one image; potentials are after reset, units of the layer's threshold tensor. */
export interface LayerRecord {
  readonly shape: Shape;
  /** [T,C,H,W] */
  readonly spikes?: Int8Array | undefined;
  readonly potentials?: Float32Array | Int32Array | undefined;
  readonly currents?: Float32Array | Int32Array | undefined;
}

export interface SimulationRecord {
  readonly layers: ReadonlyMap<string, LayerRecord>;
  /** [T,classes]: output current of each step in logits, times its quantum over the first's where layers refine (spikes of the output neurons where it has them). */
  readonly output: Float32Array;
}

export interface SimulationResult {
  /** The readout at each snapshot: [N][snapshots][classes]. Owned by the caller. */
  readonly outputs: Float64Array;
  /** Neuron layers in topological order. Owned by the caller. */
  readonly layers: readonly LayerCounts[];
  /**
   * Gates (max pools that pass spikes) in topological order: Σ|M(t) − M(t−1)| is what they send;
   * counts is M at each snapshot.
   */
  readonly gates: readonly LayerCounts[];
  /** With `keepSpikes`: by layer. */
  readonly spikes?: ReadonlyMap<string, PackedSpikes> | undefined;
  /** One an image, with `record`. */
  readonly records?: readonly SimulationRecord[] | undefined;
  /** With `exit`: the last step of each image, [N]; T where nothing stopped it. */
  readonly exitSteps?: Int32Array | undefined;
  /** With `exit`: the readout at each of its times up to the image's last step, 0 afterwards: [N][times][classes]. */
  readonly exitOutputs?: Float64Array | undefined;
}

/** A kernel that could run a layer. */
export interface KernelCandidate {
  readonly kernel: string;
  /** Of an image and step by the planner's model; null where it cannot run the layer. */
  readonly modelledMicroseconds: number | null;
  /** Why it was not taken; null for the one that was. */
  readonly reason: string | null;
}

/** What runs a layer, and why. */
export interface KernelExplanation {
  /** Name of the layer. */
  readonly layer: string;
  readonly kernel: string;
  /** Bits a neuron and step of its largest source that the model reckons with: |N|/T where spikes are binary. */
  readonly rate: number | null;
  /** Of an image and step by the planner's model. */
  readonly modelledMicroseconds: number;
  /** Mean over all images and steps run since the preparation; null before. */
  readonly measuredMicroseconds: number | null;
  readonly candidates: readonly KernelCandidate[];
}

export interface Simulator {
  /** Layer name → the kernel that runs it; empty for the reference. */
  readonly kernels: Readonly<Record<string, string>>;
  /** The planner's choice of each layer; empty for the reference. */
  explain(): readonly KernelExplanation[];
  /** @throws RespikeError for a request out of bounds (T over the number format's limit, …), RangeError of the fast backend after `free` */
  run(request: SimulationRequest): SimulationResult;
  /** Gives back all memory; the simulator must not be used afterwards. */
  free(): void;
}

export interface BackendOptions {
  /** Where the WebAssembly file lies, if not beside the package. */
  readonly wasmUrl?: URL | undefined;
  /** `planSnn` of the network's graph, where it was made before; read only. */
  readonly plan?: SnnPlan | undefined;
  /** Layers that are not simulated: each run says what they send. Of the fast backend; not together with `plan`. */
  readonly replayed?: readonly string[] | undefined;
  /**
   * `free` leaves the kernels and their memory to the next simulator of this thread that says so too: for many short
   * simulations, each of which would take new memory. Of the fast backend.
   */
  readonly handsOn?: boolean | undefined;
}

export interface Backend {
  readonly name: "reference" | "wasm";
  prepare(snn: Snn, options?: BackendOptions): Promise<Simulator>;
}
