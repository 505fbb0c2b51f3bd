/**
 * What a speed measurement found: the `result` of `bench`.
 *
 * Knows: names and units. May not know: how they are measured or drawn.
 */
import type { KernelCandidate } from "../simulator/backend.js";

/**
 * Rates are images a second by the clock, workers started and warm, images in memory: the median of the rounds, with the
 * slowest and the fastest round.
 */
export interface MeasuredRate {
  /** Images of a round, each as often as it was run. */
  readonly images: number;
  readonly rounds: number;
  readonly imagesPerSecond: number;
  readonly slowest: number;
  readonly fastest: number;
}

export interface BenchPoint extends MeasuredRate {
  readonly T: number;
  readonly threads: number;
  /** 10⁶ · threads / (imagesPerSecond · T): processor time if all threads were busy. */
  readonly microsecondsAStep: number;
  /** Mean of |N|/T over images and neurons. */
  readonly rate: number;
  /** imagesPerSecond · T / imagesPerSecond of the network: against running it densely in every step. */
  readonly overDense: number;
  /** Resident memory of the whole process right after the rounds, images included. */
  readonly residentBytes: number;
}

/** The float network itself, one pass an image. */
export interface BenchNetwork extends MeasuredRate {
  readonly threads: number;
}

export interface BenchLayer {
  /** The layer, or a gate (max pool that passes spikes). */
  readonly name: string;
  readonly kernel: string;
  readonly neurons: number;
  /** Mean of |N|/T over images and neurons; null for gates. */
  readonly rate: number | null;
  /** The same as calibration expects it, which the planner reckons with; null for gates and where the file has none (then 8 %). */
  readonly calibratedRate: number | null;
  /** Of the time of one thread at the largest T, 0…1. */
  readonly share: number;
  /** Per image and step. */
  readonly measuredMicroseconds: number;
  /** Per image and step; null for gates, and where the backend has no model. */
  readonly modelledMicroseconds: number | null;
  /** Kernels that were not taken, each with its reason. */
  readonly rejected: readonly KernelCandidate[];
}

/** Simulation with what an evaluation counts, against simulation without. */
export interface CountingCost {
  readonly T: number;
  readonly threads: number;
  /** Times at which spikes and operations of every layer were summed. */
  readonly at: readonly number[];
  readonly imagesPerSecond: number;
  readonly imagesPerSecondWithout: number;
  /** 100 · (seconds with / seconds without − 1) of neighbouring rounds, which alternate; the median. */
  readonly costPercent: number;
}

export interface BenchResult {
  readonly data: { readonly name: string; readonly split: string; readonly n: number };
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly platform: string;
    readonly node: string;
  };
  readonly neurons: number;
  /** Number formats of the layers: `int16`, `int16+int32`. */
  readonly number: string;
  readonly points: readonly BenchPoint[];
  readonly ann: readonly BenchNetwork[];
  readonly layers: readonly BenchLayer[];
  /** What no layer has: currents of the image, readout, copying counts; a share 0…1. */
  readonly restShare: number;
  readonly counting: CountingCost;
  /** Most resident memory at once of the whole process. */
  readonly peakBytes: number;
  readonly options: Readonly<Record<string, unknown>>;
}
