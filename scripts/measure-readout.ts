/**
 * What leaving steps out of the readout gains: accuracy after each delay, on training images that took no part in the conversion.
 *
 *   node dist-dev/scripts/measure-readout.js [--models cifar10-resnet20.th] [--presets binary,signed] [--steps 8,16,32]
 *        [--fractions 0,0.25,0.5,0.625,0.75] [--n 1500] [--choose-n 256] [--mixed-n 1000] [--threads N]
 *
 * One simulation gives the mean output ō(t) of the steps up to every t, so that every delay d can be read off it: t = T after d has
 * (T·ō(T) − d·ō(d))/(T − d). `least error` is the delay of least squared error of the logits on `--choose-n` of the calibration
 * images, and the accuracy with it. The last column is of `--mixed-n` images 0.6·A + 0.4·B of two of the others each, which the
 * network decides narrowly, so that little changes its decision: after 5T/8, in percent, the squared error of the logits over the
 * network's squared logits, and the images that the SNN puts into another class. The images held back for certificates and `auto`
 * are not looked at.
 */
import { parseArgs } from "node:util";
import { randomPermutation } from "#src/core/counter-random.js";
import { predictClass } from "#src/core/predict-class.js";
import { gatherImages, type ImageSet } from "#src/datasets/dataset.js";
import { selectCalibration, selectJudging } from "#src/datasets/split-training.js";
import { pairedInterval } from "#src/evaluation/paired-interval.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import { denseBackend } from "#src/inference/dense-backend.js";
import { convert, openCalibration } from "#src/library/convert.js";
import { loadModel } from "#src/library/load-model.js";
import { wasmBackend } from "#src/simulator/wasm-backend.js";
import { markdownTable, modelPath, publishedNetworks, signed } from "./measure-support.js";

const { values: flags } = parseArgs({
  options: {
    models: { type: "string", default: "cifar10-resnet20.th" },
    presets: { type: "string", default: "binary,signed" },
    steps: { type: "string", default: "8,16,32" },
    fractions: { type: "string", default: "0,0.25,0.5,0.625,0.75" },
    n: { type: "string", default: "1500" },
    "choose-n": { type: "string", default: "256" },
    "mixed-n": { type: "string", default: "1000" },
    threads: { type: "string" },
  },
});
const fractions = flags.fractions.split(",").map(Number);
const batch = 8;
/** Beside the gain: the delay that `binary` had before. */
const before = 0.25;
/** What is read of the mixed images. */
const late = 0.625;

/** ō(t) of each t = 1…T and the network's logits, an image each. */
interface Observed {
  readonly means: readonly Float64Array[];
  readonly logits: readonly Float32Array[];
  readonly labels: readonly number[];
}

async function observe(snn: Snn, set: ImageSet, indices: Uint32Array, T: number): Promise<Observed> {
  const labels = Array.from(indices, (index) => set.labels[index] ?? -1);
  return { ...(await observePixels(snn, set, gatherImages(set, indices), T)), labels };
}

/** 0.6·A + 0.4·B, A of the first half of the indices, B of the second. */
function mixImages(set: ImageSet, indices: Uint32Array): Uint8Array {
  const half = indices.length / 2;
  const [first, second] = [gatherImages(set, indices.slice(0, half)), gatherImages(set, indices.slice(half))];
  return Uint8Array.from(first, (value, at) => Math.round(0.6 * value + 0.4 * (second[at] as number)));
}

async function observePixels(snn: Snn, set: ImageSet, bytes: ReturnType<typeof gatherImages>, T: number) {
  const [channels, height, width] = set.shape;
  const size = channels * height * width;
  const total = bytes.length / size;
  const pixels = preprocessPixels(bytes, channels, height * width, snn.preprocessing);
  const simulator = await wasmBackend.prepare(snn);
  const network = await denseBackend.prepare(snn.network);
  const { id } = snn.network.output;
  const snapshots = Array.from({ length: T }, (_, at) => at + 1);
  const [means, logits]: [Float64Array[], Float32Array[]] = [[], []];
  for (let from = 0; from < total; from += batch) {
    const n = Math.min(batch, total - from);
    const images = pixels.slice(from * size, (from + n) * size);
    const { outputs } = simulator.run({
      images,
      n,
      steps: T,
      snapshots,
      readout: "mean",
      delay: 0,
      counted: [],
    });
    means.push(...splitEvenly(outputs, n));
    logits.push(...splitEvenly(network.run(images, n, [id]).get(id) ?? new Float32Array(0), n));
  }
  simulator.free();
  network.free();
  return { means, logits };
}

function splitEvenly<A extends Float32Array | Float64Array>(values: A, n: number): A[] {
  const size = values.length / n;
  return Array.from({ length: n }, (_, at) => values.subarray(at * size, (at + 1) * size) as A);
}

/** The mean over the steps d+1…T. */
function readLate(means: Float64Array, T: number, d: number): Float64Array {
  const classes = means.length / T;
  const sumAt = (t: number, k: number) => (t === 0 ? 0 : t * (means[(t - 1) * classes + k] as number));
  return Float64Array.from({ length: classes }, (_, k) => (sumAt(T, k) - sumAt(d, k)) / (T - d));
}

function judge({ means, labels }: Observed, T: number, d: number): readonly boolean[] {
  return means.map((own, image) => predictClass(readLate(own, T, d)) === labels[image]);
}

/** The delay of least Σ(o − logits)². */
function chooseDelay({ means, logits }: Observed, T: number): number {
  const errorAt = (d: number) =>
    means.reduce((sum, own, image) => {
      const target = logits[image] as Float32Array;
      return sum + readLate(own, T, d).reduce((all, o, k) => all + (o - (target[k] as number)) ** 2, 0);
    }, 0);
  const errors = Array.from({ length: T }, (_, d) => errorAt(d));
  return errors.indexOf(Math.min(...errors));
}

/** Squared error of the logits, and images put into another class, in percent. */
function describeMisses({ means, logits }: Pick<Observed, "means" | "logits">, T: number): string {
  let [error, total, other] = [0, 0, 0];
  for (const [image, own] of means.entries()) {
    const [said, wanted] = [readLate(own, T, Math.floor(late * T)), logits[image] as Float32Array];
    for (const [k, logit] of wanted.entries()) {
      error += ((said[k] as number) - logit) ** 2;
      total += logit ** 2;
    }
    if (predictClass(said) !== predictClass(wanted)) other++;
  }
  return `${((100 * error) / total).toFixed(2)}; ${((100 * other) / means.length).toFixed(1)}`;
}

const percent = (right: readonly boolean[]) =>
  ((100 * right.filter(Boolean).length) / right.length).toFixed(2);

/** Points that `late` is ahead, with the paired 95 % interval. */
function describeGain(late: readonly boolean[], early: readonly boolean[]): string {
  const only = (one: readonly boolean[], other: readonly boolean[]) =>
    one.filter((right, image) => right && !other[image]).length;
  const [won, lost] = [only(late, early), only(early, late)];
  const [low, high] = pairedInterval(won, lost, late.length);
  return `${signed((100 * (won - lost)) / late.length)} [${signed(low)}, ${signed(high)}]`;
}

async function measure(file: string, preset: string, T: number): Promise<string[]> {
  const published = publishedNetworks.find((each) => each.file === file);
  if (published === undefined) throw new Error(`no network '${file}'`);
  const { preprocess, data: calibrate } = published;
  const model = await loadModel(modelPath(file), { preprocess });
  const threads = flags.threads === undefined ? undefined : Number(flags.threads);
  const { snn } = await convert(model, { preset, T, calibrate, certify: "off", threads });
  const { train } = await openCalibration(model, { calibrate }, () => undefined);
  const known = selectCalibration(train.n, 2000, 0);
  const used = new Set(known);
  const free = train.n - selectJudging(train.n).length;
  const others = randomPermutation(free, 777).filter((index) => !used.has(index));
  const chosen = known.filter((_, at) => at % Math.ceil(known.length / Number(flags["choose-n"])) === 0);
  const seen = await observe(snn, train, others.slice(0, Number(flags.n)), T);
  const d = chooseDelay(await observe(snn, train, chosen, T), T);
  const network = seen.logits.map((own, image) => predictClass(own) === seen.labels[image]);
  const rights = fractions.map((fraction) => judge(seen, T, Math.floor(fraction * T)));
  const gain = describeGain(judge(seen, T, Math.floor(late * T)), judge(seen, T, Math.floor(before * T)));
  const search = `${d}: ${percent(judge(seen, T, d))}`;
  const mixing = others.slice(0, 2 * Number(flags["mixed-n"]));
  const mixed = describeMisses(await observePixels(snn, train, mixImages(train, mixing), T), T);
  return [`\`${file}\``, preset, String(T), percent(network), ...rights.map(percent), gain, search, mixed];
}

const rows: string[][] = [];
for (const file of flags.models.split(","))
  for (const preset of flags.presets.split(","))
    for (const T of flags.steps.split(",").map(Number)) {
      rows.push(await measure(file, preset, T));
      console.error(rows.at(-1)?.join(" · "));
    }
const delays = fractions.map((fraction) => `after ${fraction}·T`);
const head = [
  "network",
  "preset",
  "T",
  "network %",
  ...delays,
  "0.625·T over 0.25·T",
  "least error",
  "mixed: error; other",
];
console.log(markdownTable(head, rows));
