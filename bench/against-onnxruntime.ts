/**
 * Images a second of the spiking simulator against onnxruntime-node running the folded float network T times an image.
 *
 *   node dist-dev/bench/against-onnxruntime.js [--model FILE] [--lambda p99.9,max] [--steps 64,350] [--threads 1,2]
 *     [--n 64] [--rounds 5] [--seconds 1]
 *
 * Both sides have as many threads, real test images that are loaded and preprocessed before, and their first layer
 * inside. Ours are the workers that users get, with batches of 8, 16 and 32; onnxruntime runs batches of 1, 16, 64 and
 * 256. The best of each counts. A run of a batch is timed again and again for a round, and a step costs one run: time is
 * linear in T. Rounds alternate (ours, theirs, ours, …), so that a busy machine slows both; ratios are of neighbouring
 * rounds.
 */
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-node";
import { predictClass } from "#src/core/predict-class.js";
import { lowerToOnnx } from "#src/inference/lower-to-onnx.js";
import { markdownTable } from "../scripts/measure-support.js";
import {
  accuracyOf,
  type BenchImages,
  convertModel,
  defaultModel,
  describeMachine,
  describeSpread,
  hasAvx512,
  median,
  numbersOf,
  type Ours,
  pause,
  prepareOurs,
  readImages,
  watchOthers,
} from "./bench-support.js";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: defaultModel },
    lambda: { type: "string", default: "p99.9,max" },
    steps: { type: "string", default: "64,350" },
    threads: { type: "string", default: "1,2" },
    n: { type: "string", default: "64" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
  },
});
const batches = [1, 16, 64, 256];
const seconds = Number(flags.seconds);
/** Their pool spins for a while after a run; ours must not pay for it. */
const pauseMilliseconds = 100;

/** onnxruntime with a number of threads, at its best batch. */
interface Theirs {
  readonly batch: number;
  readonly accuracy: number;
  readonly perBatch: readonly string[];
  /** Images a second, one pass an image, of one round. */
  round(): Promise<number>;
}

async function prepareTheirs(
  model: Uint8Array,
  names: { readonly input: string; readonly output: string },
  threads: number,
  { images, labels, n }: BenchImages,
): Promise<Theirs> {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const size = images.length / n;
  const takeBatch = (batch: number) => {
    const data = new Float32Array(batch * size);
    for (let image = 0; image < batch; image++)
      data.set(images.subarray((image % n) * size, ((image % n) + 1) * size), image * size);
    return new ort.Tensor("float32", data, [batch, 3, 32, 32]);
  };
  const run = async (input: ort.Tensor) => (await session.run({ [names.input]: input }))[names.output];
  const measure = async (input: ort.Tensor, limit: number) => {
    let done = 0;
    const began = performance.now();
    while (performance.now() - began < 1000 * limit) {
      await run(input);
      done += input.dims[0] as number;
    }
    return (1000 * done) / (performance.now() - began);
  };
  const logits = (await run(takeBatch(n)))?.data as Float32Array;
  const classes = labels.map((_, image) => predictClass(logits.subarray(image * 10, (image + 1) * 10)));
  const rates: number[] = [];
  for (const batch of batches) {
    await run(takeBatch(batch));
    rates.push(await measure(takeBatch(batch), seconds / 2));
  }
  const best = rates.indexOf(Math.max(...rates));
  const batch = batches[best] as number;
  const input = takeBatch(batch);
  return {
    batch,
    accuracy: accuracyOf(classes, labels),
    perBatch: rates.map((rate, at) => `batch ${batches[at]}: ${(1000 / rate).toFixed(3)} ms`),
    round: () => measure(input, seconds),
  };
}

interface Race {
  readonly threads: number;
  readonly ours: Ours;
  readonly theirs: Theirs;
  readonly own: number[];
  readonly other: number[];
}

const goals: Readonly<Record<string, readonly [plain: number, avx512: number]>> = {
  "p99.9": [4, 3.2],
  max: [5, 4],
};

function describeRace(
  { threads, ours, theirs, own, other }: Race,
  lambda: string,
  T: number,
  others: number,
): string[] {
  const goal = goals[lambda]?.[hasAvx512() === true ? 1 : 0];
  return [
    lambda,
    String(T),
    String(threads),
    `${(100 * ours.rate).toFixed(1)} %`,
    median(own).toFixed(1),
    (median(other) / T).toFixed(2),
    `${ours.batch} / ${theirs.batch}`,
    describeSpread(own.map((rate, round) => (rate * T) / (other[round] as number))),
    goal === undefined ? "" : `≥ ${goal}`,
    `${ours.accuracy.toFixed(1)} / ${theirs.accuracy.toFixed(1)}`,
    `${(100 * others).toFixed(0)} %`,
  ];
}

console.log(`${describeMachine()}; ${flags.n} test images, ${flags.rounds} rounds`);
const rows: string[][] = [];
const scaling: string[][] = [];
for (const lambda of flags.lambda.split(",")) {
  const snn = await convertModel(flags.model, lambda);
  const images = await readImages(snn, Number(flags.n));
  const model = lowerToOnnx(snn.network);
  const names = { input: snn.network.input.id, output: snn.network.output.id };
  for (const T of numbersOf(flags.steps)) {
    const races: Race[] = [];
    for (const threads of numbersOf(flags.threads)) {
      const theirs = await prepareTheirs(model, names, threads, images);
      await pause(pauseMilliseconds);
      const ours = await prepareOurs(snn, threads, T, images, seconds);
      races.push({ threads, ours, theirs, own: [], other: [] });
      console.error(`onnxruntime, ${threads} threads, an image: ${theirs.perBatch.join(", ")}`);
    }
    const readOthers = watchOthers();
    for (let round = 0; round < Number(flags.rounds); round++) {
      for (const race of races) {
        race.own.push(await race.ours.round());
        race.other.push(await race.theirs.round());
        await pause(pauseMilliseconds);
      }
    }
    const others = readOthers();
    for (const race of races) {
      rows.push(describeRace(race, lambda, T, others));
      await race.ours.meter.close();
    }
    const [one, two] = [1, 2].map((count) => races.find(({ threads }) => threads === count));
    if (one !== undefined && two !== undefined) {
      const ratios = two.own.map((rate, round) => rate / (one.own[round] as number));
      scaling.push([
        lambda,
        String(T),
        `${(100 * one.ours.rate).toFixed(1)} %`,
        describeSpread(ratios),
        "≥ 1.85",
      ]);
    }
  }
}
const head =
  "λ,T,threads,mean rate,respike images/s,onnxruntime images/s,batch ours / theirs,ratio (lowest–highest),goal,accuracy ours / theirs,others' load";
console.log(markdownTable(head.split(","), rows));
if (scaling.length > 0) {
  console.log();
  console.log(markdownTable(["λ", "T", "mean rate", "1 → 2 threads (lowest–highest)", "goal"], scaling));
}
process.exit(0);
