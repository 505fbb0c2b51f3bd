/**
 * What depth and T cost: time a layer and step, and peak memory, for ResNet-20, 44, 56 and 110.
 *
 *   node dist-dev/bench/cost-by-depth-and-steps.js [--depths 20,44,56,110] [--steps 64,128,350,700,1400] [--memory 350,1400]
 *     [--memory-n 16] [--snn FOLDER] [--n 8] [--threads 1] [--rounds 3]
 *
 * FOLDER may hold converted networks as r20.snn.safetensors …; without, they are converted (default preset). Rounds go
 * through all T in turn, so that a busy machine slows all. Memory is measured as users meet it: `respike evaluate` in a
 * process of its own says at its end the most that was resident at once, workers and the data set's images included;
 * the lowest of three runs counts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openSpeedMeter } from "#src/evaluation/speed-meter.js";
import { decodeSnn } from "#src/formats/snn/decode-snn.js";
import { encodeSnn } from "#src/formats/snn/encode-snn.js";
import type { Snn } from "#src/graph/snn.js";
import { makeWorkerRunner } from "#src/node/worker-runner.js";
import { markdownTable, modelPath } from "../scripts/measure-support.js";
import {
  convertModel,
  describeMachine,
  describeSpread,
  median,
  numbersOf,
  prepareOurs,
  readImages,
  repository,
} from "./bench-support.js";

const { values: flags } = parseArgs({
  options: {
    depths: { type: "string", default: "20,44,56,110" },
    steps: { type: "string", default: "64,128,350,700,1400" },
    memory: { type: "string", default: "350,1400" },
    "memory-n": { type: "string", default: "16" },
    snn: { type: "string" },
    n: { type: "string", default: "8" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
  },
});
const files: Readonly<Record<number, string>> = {
  20: "cifar10-resnet20.th",
  32: "cifar10-resnet32.th",
  44: "cifar10-resnet44.th",
  56: "cifar10-resnet56.th",
  110: "cifar10-resnet110.safetensors",
};
const steps = numbersOf(flags.steps);

async function openDepth(depth: number): Promise<Snn> {
  const file = flags.snn === undefined ? undefined : join(flags.snn, `r${depth}.snn.safetensors`);
  if (file !== undefined && existsSync(file)) return decodeSnn(readFileSync(file));
  const model = files[depth];
  if (model === undefined) throw new Error(`no network of depth ${depth}: ${Object.keys(files).join(", ")}`);
  return convertModel(modelPath(model), "p99.9");
}

interface Cost {
  readonly depth: number;
  readonly rate: number;
  /** T → milliseconds an image of each round. */
  readonly times: ReadonlyMap<number, number[]>;
}

async function measureCost(depth: number, snn: Snn): Promise<Cost> {
  const images = await readImages(snn, Number(flags.n));
  const longest = Math.min(350, Math.max(...steps));
  const threads = Number(flags.threads);
  const { meter: judge, rate } = await prepareOurs(snn, threads, longest, images, 0);
  await judge.close();
  const meter = openSpeedMeter(snn, makeWorkerRunner(threads));
  const times = new Map<number, number[]>(steps.map((T) => [T, []]));
  await meter.measure({ kind: "simulate", steps: 8 }, images.images);
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const T of steps) {
      const { seconds } = await meter.measure({ kind: "simulate", steps: T }, images.images);
      times.get(T)?.push((1000 * seconds) / images.n);
    }
  }
  await meter.close();
  return { depth, rate, times };
}

const mark = "peak memory, KiB:";
const reporter = `import { isMainThread } from "node:worker_threads";
if (isMainThread) process.on("exit", () => process.stderr.write("\\n${mark} " + process.resourceUsage().maxRSS + "\\n"));`;

/** MB (10⁶ bytes) that `respike evaluate` held at most. */
function measurePeak(folder: string, file: string, T: number): number {
  const words = [
    "evaluate",
    file,
    "-T",
    String(T),
    "--at",
    String(T),
    "--n",
    flags["memory-n"],
    "--threads",
    flags.threads,
  ];
  const load = `data:text/javascript,${encodeURIComponent(reporter)}`;
  const command = ["--import", load, join(repository, "dist/cli/main.js"), ...words];
  const { status, stderr } = spawnSync(
    process.execPath,
    [...command, "--out", join(folder, `run-${T}`), "--force", "--progress", "none"],
    { encoding: "utf8" },
  );
  const found = new RegExp(`^${mark} (\\d+)$`, "m").exec(stderr)?.[1];
  if (status !== 0 || found === undefined) throw new Error(`respike ${words.join(" ")}: ${stderr}`);
  return (Number(found) * 1024) / 1e6;
}

/** Of three runs: a garbage collection more or less moves the peak of one. */
function lowestPeak(folder: string, file: string, T: number): number {
  return Math.min(...Array.from({ length: 3 }, () => measurePeak(folder, file, T)));
}

console.log(`${describeMachine()}; ${flags.n} test images, ${flags.threads} threads, ${flags.rounds} rounds`);
const costs: Cost[] = [];
const memory: string[][] = [];
const folder = mkdtempSync(join(tmpdir(), "respike-cost-"));
try {
  for (const depth of numbersOf(flags.depths)) {
    const snn = await openDepth(depth);
    costs.push(await measureCost(depth, snn));
    const file = join(folder, `r${depth}.snn.safetensors`);
    writeFileSync(file, encodeSnn(snn));
    const peaks = flags.memory === "" ? [] : numbersOf(flags.memory).map((T) => lowestPeak(folder, file, T));
    const [first, last] = [peaks[0] ?? Number.NaN, peaks[peaks.length - 1] ?? Number.NaN];
    memory.push([
      `ResNet-${depth}`,
      ...peaks.map((peak) => peak.toFixed(0)),
      `${(100 * (last / first - 1)).toFixed(1)} %`,
    ]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const millisecondsOf = (cost: Cost, T: number) => median(cost.times.get(T) ?? []);
console.log(
  markdownTable(
    ["ms an image", "mean rate", ...steps.map((T) => `T = ${T}`), "µs a step and layer"],
    costs.map((cost) => {
      const perLayer = steps.map((T) => (1000 * millisecondsOf(cost, T)) / T / (cost.depth - 1));
      return [
        `ResNet-${cost.depth}`,
        `${(100 * cost.rate).toFixed(1)} %`,
        ...steps.map((T) => millisecondsOf(cost, T).toFixed(1)),
        describeSpread(perLayer),
      ];
    }),
  ),
);
if (flags.memory !== "") {
  const head = numbersOf(flags.memory).map((T) => `peak at T = ${T}, MB`);
  console.log(
    `\n${markdownTable([`respike evaluate, ${flags["memory-n"]} images`, ...head, "more"], memory)}`,
  );
}
