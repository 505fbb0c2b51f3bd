/**
 * What the benches share: the network, its spiking versions, images, rounds and tables.
 *
 * Knows: ../shared, CIFAR-10, this machine. May not know: the peers.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gatherImages } from "#src/datasets/dataset.js";
import { median } from "#src/evaluation/bench-snn.js";
import { openSpeedMeter, type Round, type SpeedMeter } from "#src/evaluation/speed-meter.js";
import type { Readout } from "#src/graph/node-types.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import { convert } from "#src/library/convert.js";
import { loadModel } from "#src/library/load-model.js";
import { openData } from "#src/library/open-data.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const defaultModel = join(repository, "../shared/models/cifar10-resnet20.th");

/** The spiking version of a CIFAR-10 checkpoint with the default preset, this λ (`max`, `p99.9`) and these spikes. */
export async function convertModel(path: string, lambda: string, spikes = "binary"): Promise<Snn> {
  const model = await loadModel(path, { preprocess: "imagenet" });
  console.error(`converting ${path}, λ ${lambda}, ${spikes} spikes …`);
  const { snn } = await convert(model, { lambda: lambda as "max", spikes, T: 350, calibrate: "cifar10" });
  return snn;
}

export interface BenchImages {
  readonly n: number;
  /** Preprocessed [n,3,32,32]. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** The first n test images of CIFAR-10, or training images from `start` on. */
export async function readImages(
  { preprocessing }: Snn,
  n: number,
  split: "test" | "train" = "test",
): Promise<BenchImages> {
  const set = (await openData("cifar10")).splits[split];
  const indices = Uint32Array.from({ length: n }, (_, index) => index);
  const images = preprocessPixels(gatherImages(set, indices), 3, 1024, preprocessing);
  return { n, images, labels: set.labels.slice(0, n) };
}

/** Batches that are tried on our side, as many are on the peers'; 8 is what evaluations take. */
const ourBatches = [8, 16, 32];

/** Our side of a race: the workers that users get, warm; rounds of about `seconds`. */
export interface Ours {
  readonly meter: SpeedMeter;
  /** Images that a worker takes at once: the quickest of `ourBatches`. */
  readonly batch: number;
  readonly rate: number;
  /** Share of the images that are classified rightly at T, in percent. */
  readonly accuracy: number;
  /** Images a second of one round. */
  round(): Promise<number>;
}

export async function prepareOurs(
  snn: Snn,
  threads: number,
  T: number,
  { images, labels, n }: BenchImages,
  seconds: number,
): Promise<Ours> {
  const { readout, delay } = snn.options as { readout?: Readout; delay?: number };
  const meter = openSpeedMeter(snn, makeWorkerRunner(threads), { readout, delay });
  await meter.measure({ kind: "simulate", steps: 8 }, images);
  const counted = await meter.measure({ kind: "count", at: [T] }, images);
  const neurons = snn.layers.reduce((sum, { name }) => sum + countNeurons(snn, name), 0);
  const spikes = counted.results.flatMap((result) => result.spikes[0] ?? []).reduce((a, b) => a + b, 0);
  const classes = counted.results.flatMap((result) => [...result.predictions]);
  const batches = ourBatches.filter((each) => each === ourBatches[0] || each * threads <= n);
  const { batch, repeat } = await chooseBatch(meter, { images, labels, n }, { T, batches, seconds });
  return {
    meter,
    batch,
    rate: spikes / (n * neurons * T),
    accuracy: accuracyOf(classes, labels),
    async round() {
      return rateOf(await meter.measure({ kind: "simulate", steps: T }, images, repeat, batch));
    },
  };
}

/** Rounds in which batches are tried by turns. */
const batchRounds = 3;

/** The batch of the highest median rate, and how often its images fill the seconds. */
async function chooseBatch(
  meter: Ours["meter"],
  { images }: BenchImages,
  {
    T,
    batches,
    seconds,
  }: { readonly T: number; readonly batches: readonly number[]; readonly seconds: number },
): Promise<{ readonly batch: number; readonly repeat: number }> {
  const work = { kind: "simulate", steps: T } as const;
  const trials: { readonly batch: number; readonly repeat: number; readonly rates: number[] }[] = [];
  for (const batch of batches) {
    const { seconds: once } = await meter.measure(work, images, 1, batch);
    trials.push({ batch, repeat: Math.max(1, Math.round(seconds / once)), rates: [] });
  }
  for (let round = 0; round < batchRounds; round++)
    for (const { batch, repeat, rates } of trials)
      rates.push(rateOf(await meter.measure(work, images, repeat, batch)));
  return trials.reduce((best, each) => (median(each.rates) > median(best.rates) ? each : best));
}

function countNeurons({ graph }: Snn, name: string): number {
  const [channels, height, width] = graph.shape(name);
  return channels * height * width;
}

export const rateOf = ({ images, seconds }: Round) => images / seconds;

export function accuracyOf(classes: ArrayLike<number>, labels: Int32Array): number {
  return (100 * labels.filter((label, image) => label === classes[image]).length) / labels.length;
}

/** `4.21 (4.05–4.30)`: median, lowest and highest of the rounds. */
export function describeSpread(values: readonly number[], digits = 2): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

/** Whether dense native kernels can use AVX-512 here; null where the system does not tell. */
export function hasAvx512(): boolean | null {
  try {
    return /\bavx512f\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return null;
  }
}

export function describeMachine(): string {
  const avx = hasAvx512();
  const width = avx === null ? "AVX-512 unknown" : avx ? "with AVX-512" : "without AVX-512";
  return `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${width}, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

/** What other processes take of this machine's cores while this one works, 0…1: a ratio from a busy machine is worth little. */
export function watchOthers(): () => number {
  const read = () => {
    const times = cpus().map(({ times: { idle, user, sys, nice, irq } }) => ({
      busy: user + sys + nice + irq,
      all: idle + user + sys + nice + irq,
    }));
    const { user, system } = process.cpuUsage();
    const sum = (key: "busy" | "all") => times.reduce((total, each) => total + each[key], 0);
    return { busy: sum("busy"), all: sum("all"), own: (user + system) / 1000 };
  };
  const before = read();
  return () => {
    const now = read();
    const others = now.busy - before.busy - (now.own - before.own);
    return Math.max(0, others / (now.all - before.all));
  };
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A text's numbers, `64,350` → [64, 350]. */
export const numbersOf = (text: string) => text.split(",").map(Number);
export { median };
