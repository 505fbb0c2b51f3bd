/**
 * Measures how fast a spiking network runs: against T and threads, beside its float network, layer by layer.
 *
 * Knows: what is measured in which order, and how figures come from rounds. May not know: threads (a runner has them),
 * files, data sets.
 */
import type { LongCallOptions } from "../core/progress.js";
import type { TaskRunner } from "../core/task-runner.js";
import { countElements } from "../core/tensor.js";
import type { Snn } from "../graph/snn.js";
import type { BenchLayer, BenchNetwork, BenchPoint, CountingCost, MeasuredRate } from "./bench-result.js";
import { explainLayers } from "./explain-layers.js";
import type { SpeedWork } from "./measure-speed.js";
import { openSpeedMeter, type Round, type SpeedMeter, type SpeedMeterOptions } from "./speed-meter.js";

export interface BenchPlan extends SpeedMeterOptions {
  readonly snn: Snn;
  /** Preprocessed [n,C,H,W], read only. */
  readonly images: Float32Array;
  /** T of the points, ascending. */
  readonly at: readonly number[];
  /** Times at which the counting measurement counts, ascending; the last is the last of `at`. */
  readonly countAt: readonly number[];
  readonly threads: readonly number[];
  /** Every round takes all images; without, as many as fill one batch a thread. */
  readonly allImages: boolean;
  /** A round repeats its images until it takes about so long, so that the clock and the last batch do not matter. */
  readonly roundSeconds: number;
}

export interface BenchSurroundings extends LongCallOptions {
  readonly makeRunner: (threads: number) => TaskRunner;
  /** Resident bytes of the process now. */
  readonly readMemory: () => number;
}

export interface BenchFigures {
  readonly points: readonly BenchPoint[];
  readonly ann: readonly BenchNetwork[];
  readonly layers: readonly BenchLayer[];
  readonly restShare: number;
  readonly counting: CountingCost;
}

const rounds = 3;
const countingRounds = 7;
const mostRepeats = 200;

/**
 * For each number of threads: 1. one round that warms up and gives the rates; 2. the rounds of each T; 3. those of the
 * float network; with the first also 4. what counting costs; 5. where the time goes.
 */
export async function benchSnn(plan: BenchPlan, around: BenchSurroundings): Promise<BenchFigures> {
  const total = plan.threads.length * (plan.at.length + 1) + 1;
  let done = 0;
  const advance = () => around.onProgress?.({ phase: "bench", done: ++done, total, unit: "points" });
  const points: BenchPoint[] = [];
  const ann: BenchNetwork[] = [];
  let first: Pick<BenchFigures, "counting" | "layers" | "restShare"> | undefined;
  for (const threads of plan.threads) {
    const meter = openSpeedMeter(plan.snn, around.makeRunner(threads), { ...plan, signal: around.signal });
    try {
      const bench = await warmUp(plan, meter);
      const network = await benchNetwork(bench);
      ann.push(network);
      advance();
      for (const [index, T] of plan.at.entries()) {
        points.push(await benchPoint(bench, T, index, network, around));
        advance();
      }
      if (first === undefined) {
        first = await benchDetails(bench);
        advance();
      }
    } finally {
      await meter.close();
    }
  }
  if (first === undefined) throw new RangeError("a bench needs a number of threads");
  return { points, ann, ...first };
}

interface OpenBench {
  readonly plan: BenchPlan;
  readonly meter: SpeedMeter;
  readonly images: Float32Array;
  /** The round that warmed up, counted at each T. */
  readonly counted: Round;
  readonly neurons: number;
}

async function warmUp(plan: BenchPlan, meter: SpeedMeter): Promise<OpenBench> {
  const { graph } = plan.snn;
  const size = countElements(graph.input.attributes.shape);
  const wanted = plan.allImages ? plan.images.length : meter.threads * (plan.batch ?? 8) * size;
  const images = plan.images.subarray(0, Math.min(wanted, plan.images.length));
  // A batch for each thread, so that none is started later.
  const repeat = Math.ceil(meter.threads / Math.ceil(images.length / size / (plan.batch ?? 8)));
  await meter.measure({ kind: "simulate", steps: Math.min(8, last(plan.at)) }, images, repeat);
  const counted = await meter.measure({ kind: "count", at: plan.at }, images);
  const neurons = plan.snn.layers.reduce((sum, { name }) => sum + countElements(graph.shape(name)), 0);
  return { plan, meter, images, counted, neurons };
}

async function benchPoint(
  bench: OpenBench,
  T: number,
  index: number,
  network: BenchNetwork,
  { readMemory }: BenchSurroundings,
): Promise<BenchPoint> {
  const { counted, meter, neurons } = bench;
  const expected = (counted.seconds * T) / last(bench.plan.at);
  const measured = await measureRate(bench, { kind: "simulate", steps: T }, expected);
  const spikes = counted.results.reduce((sum, result) => sum + sumOf(result.spikes[index] ?? []), 0);
  return {
    T,
    threads: meter.threads,
    ...measured,
    microsecondsAStep: (1e6 * meter.threads) / (measured.imagesPerSecond * T),
    rate: spikes / (counted.images * neurons * T),
    overDense: (measured.imagesPerSecond * T) / network.imagesPerSecond,
    residentBytes: readMemory(),
  };
}

async function benchNetwork(bench: OpenBench): Promise<BenchNetwork> {
  const { meter, images } = bench;
  const { seconds } = await meter.measure({ kind: "network" }, images);
  return { threads: meter.threads, ...(await measureRate(bench, { kind: "network" }, seconds)) };
}

/** Rounds shorter than half a round are warm-up: they correct what was expected, and are run again. */
async function measureRate(
  { meter, images, plan: { roundSeconds } }: OpenBench,
  work: SpeedWork,
  expectedSeconds: number,
): Promise<MeasuredRate> {
  let expected = expectedSeconds;
  let measured: Round[] = [];
  while (measured.length < rounds) {
    const repeat = Math.min(mostRepeats, Math.max(1, Math.round(roundSeconds / expected)));
    const round = await meter.measure(work, images, repeat);
    measured.push(round);
    if (
      round.seconds >= roundSeconds / 2 ||
      repeat === mostRepeats ||
      round.seconds >= 0.8 * expected * repeat
    )
      continue;
    expected = round.seconds / repeat;
    measured = [];
  }
  return summarise(measured);
}

function summarise(measured: readonly Round[]): MeasuredRate {
  const rates = measured.map(({ images, seconds }) => images / seconds);
  return {
    images: measured[0]?.images ?? 0,
    rounds: measured.length,
    imagesPerSecond: median(rates),
    slowest: Math.min(...rates),
    fastest: Math.max(...rates),
  };
}

/** Rounds with and without counting take turns; those without also tell where the time goes. */
async function benchDetails({ plan, meter, images, counted }: OpenBench) {
  const T = last(plan.at);
  const repeat = Math.min(mostRepeats, Math.max(1, Math.round(plan.roundSeconds / counted.seconds)));
  const plain: Round[] = [];
  const counting: Round[] = [];
  for (let round = 0; round < countingRounds; round++) {
    plain.push(await meter.measure({ kind: "simulate", steps: T }, images, repeat));
    counting.push(await meter.measure({ kind: "count", at: plan.countAt }, images, repeat));
  }
  const cost: CountingCost = {
    T,
    threads: meter.threads,
    at: plan.countAt,
    imagesPerSecond: summarise(counting).imagesPerSecond,
    imagesPerSecondWithout: summarise(plain).imagesPerSecond,
    // What slows the machine slows neighbours alike.
    costPercent: median(
      counting.map(({ seconds }, at) => 100 * (seconds / (plain[at] as Round).seconds - 1)),
    ),
  };
  return { counting: cost, ...explainLayers(plan.snn, plain, counted, T) };
}

const last = (times: readonly number[]) => times[times.length - 1] as number;
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** The middle value, the mean of the middle two where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
