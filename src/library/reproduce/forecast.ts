/**
 * How long jobs will take, from two short runs of 50 images.
 *
 * Knows: that time grows with images, steps and multiply-accumulates. May not know: how a job is run.
 */
import type { ExplicitOptions } from "../../conversion/convert-options.js";
import type { Job } from "./plan-reproduction.js";

/** Seconds that were measured on 50 images of one network. */
export interface MeasuredSpeed {
  /** Seconds an image, step and multiply-accumulate of the network, all threads together. */
  readonly secondsAStep: Readonly<Record<RateClass, number>>;
}

/** One thread of a server of 2023 (2.1 GHz), where nothing was measured: twice as fast on a good desktop. */
export const nominalSpeed: MeasuredSpeed = { secondsAStep: { maximum: 6e-12, percentile: 8e-12 } };

/** Spikes, and so time, depend on λ: percentiles fire about twice as often as the maximum. */
export type RateClass = "maximum" | "percentile";

export function rateClass({ lambda = "p99.9" }: ExplicitOptions): RateClass {
  return lambda === "max" ? "maximum" : "percentile";
}

/** Work in steps of an image of the network, of each part of a job. */
interface Work {
  /** Looking at the calibration images, which conversions of one network share. */
  readonly statistics: number;
  readonly conversion: number;
  readonly evaluation: number;
}

/**
 * What a pass of the float network costs, in steps: alone; with each activation looked at for its λ; with each compared with the
 * rate of its neuron.
 */
const networkPass = 8;
const observedPass = 16;
const comparedPass = 14;
/** The float32 reference of `measure rounding` is so many times slower than integers. */
const roundingPass = 3;
const roundingUpdates = 24;
/**
 * Images that a search for one factor looks at, about: at few steps more powers of 1.005 are tried, and fewer of them are given up
 * early. ResNet-20 took 17,500 at T = 32 and 2,300 at 350.
 */
const searchImages = (T: number) => 17_500 * (32 / T) ** 0.85;
const layerTries = 7;
const layerImages = 64;
/** Fitting layers one by one from kept spikes takes about as long as so many simulations of the whole network. */
const adjustingRuns = 6;
/** Passes are measured on 64 images in front of and behind each. */
const passImages = 64 * 12;

function countWork({ options, T, n, at }: Job): Work {
  const { calibrateN = 2000, compensate = "off", adjust = "off", adjustN = 128 } = options;
  const statistics = (calibrateN === "all" ? 45_000 : calibrateN) * observedPass;
  const steps = T * weighSteps(options, T);
  const rounding = roundingUpdates * steps * (1 + roundingPass);
  const search = {
    off: 0,
    shared: searchImages(T) * T,
    // each factor simulates one layer: all layers together are the network once
    layer: layerTries * layerImages * T,
  }[compensate];
  const adjusting = adjust === "off" ? 0 : adjustingRuns * adjustN * (steps + networkPass);
  return {
    statistics,
    conversion: passImages * networkPass + rounding + search + adjusting,
    evaluation: n * stepsOfImage(steps, at.length),
  };
}

/** An image that is evaluated, in steps: simulated, read, and compared with the network. */
export const stepsOfImage = (T: number, reads = 1): number => T + reads + comparedPass;

/**
 * How many times as much a step takes as one of the 99.9th percentile, for its spikes (ResNet-20, 10,000 images: 3.5 million
 * operations a step; 4.3 to 5.2 with thresholds of least squared error, 8.1 signed, 22 with `refine`, which ends after about eight).
 */
function weighSteps({ spikes = "binary", lambda }: ExplicitOptions, T: number): number {
  const kind = String(spikes);
  if (kind.startsWith("refine")) return (8 * Math.min(T, 8)) / T;
  if (kind === "signed") return 2.3;
  return lambda === "mmse" ? 1.4 : 1;
}

export interface JobForecast {
  readonly conversion: number;
  readonly evaluation: number;
}

/** Starting workers, reading data, writing the report. */
const fixedSeconds = 2;

/**
 * Seconds of both parts of each job, run in this order: statistics are kept for the jobs behind.
 *
 * @param converted jobs whose networks are here: their statistics are kept too, and their own conversion takes no time again
 */
export function forecastJobs(
  jobs: readonly Job[],
  { secondsAStep }: MeasuredSpeed,
  converted: readonly Job[] = [],
): readonly JobForecast[] {
  const ready = new Set(converted);
  const known = new Set(converted.map(nameStatistics));
  return jobs.map((job) => {
    const second = secondsAStep[rateClass(job.options)] * job.macs;
    const { statistics, conversion, evaluation } = countWork(job);
    const images = nameStatistics(job);
    const own = known.has(images) ? 0 : statistics;
    known.add(images);
    return {
      conversion: ready.has(job) ? 0 : fixedSeconds + (own + conversion) * second,
      evaluation: fixedSeconds + evaluation * second,
    };
  });
}

/** What statistics depend on, of what jobs differ in. */
function nameStatistics({ modelSha256, data, seed, options }: Job): string {
  const { calibrateN = 2000, lambdaScope = "layer", maxpool = "gate" } = options;
  return [modelSha256, data, seed, calibrateN, lambdaScope, maxpool].join(" ");
}

/** What a job costs relative to others, without a clock: the same on every machine. */
export function weighJob(job: Job): number {
  const { statistics, conversion, evaluation } = countWork(job);
  return (statistics + conversion + evaluation) * job.macs;
}
