/**
 * Images a second of the spiking simulator against SpikingJelly's own conversion of the same folded network.
 *
 *   node dist-dev/bench/against-spikingjelly.js [--model FILE] [--lambda p99.9,max] [--steps 64,350] [--threads 1,2]
 *     [--n 64] [--rounds 5] [--seconds 1] [--no-compile]
 *
 * Makes a Python environment with the packages of bench/spikingjelly-requirements.txt in the cache folder, and says so
 * and stops where it cannot. SpikingJelly converts with its rate-coding recipe (`max` or `99.9%`) on the calibration
 * images that ours are converted with, and runs in `inference_mode`: as its tutorial does (step mode s, batch 50); at
 * the best of step modes s and m, batches 1, 16 and 64, and chunks of 4 and 16 steps in mode m; and at the best of three
 * of these with `torch.compile`, which takes minutes the first time. As many threads on both sides, test images in
 * memory on both sides, first layers inside. A chunk of its steps is timed again and again for a round; time is linear
 * in T. Ours take the best of batches 8, 16 and 32. Rounds alternate.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gatherImages } from "#src/datasets/dataset.js";
import { encodeNpy } from "#src/datasets/npy.js";
import { selectCalibration } from "#src/datasets/split-training.js";
import { encodeSnn } from "#src/formats/snn/encode-snn.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import { openData } from "#src/library/open-data.js";
import { markdownTable } from "../scripts/measure-support.js";
import {
  type BenchImages,
  convertModel,
  defaultModel,
  describeMachine,
  describeSpread,
  median,
  numbersOf,
  type Ours,
  prepareOurs,
  readImages,
  repository,
} from "./bench-support.js";
import { makePythonEnvironment, type PythonEnvironment } from "./python-environment.js";
import { startPeer } from "./python-peer.js";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: defaultModel },
    lambda: { type: "string", default: "p99.9,max" },
    steps: { type: "string", default: "64,350" },
    threads: { type: "string", default: "1,2" },
    n: { type: "string", default: "64" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    "no-compile": { type: "boolean", default: false },
  },
});
const seconds = Number(flags.seconds);
const kinds = ["tutorial", "plain", "compiled"] as const;
type Kind = (typeof kinds)[number];

interface Setting {
  readonly mode: string;
  readonly batch: number;
  readonly steps: number;
}

/** What the peer says when it is ready. */
interface PeerFacts {
  readonly torch: string;
  readonly ann: number;
  readonly accuracy: Readonly<Record<string, number>>;
  readonly rates: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<Kind, Setting | null>>;
  readonly tried: unknown;
}

interface Peer {
  readonly facts: PeerFacts;
  /** Images a second of one step an image, of one round. */
  round(kind: Kind): Promise<number>;
  end(): Promise<void>;
}

/** Files of one normalisation for the peer. */
async function writeFiles(folder: string, snn: Snn, { n, images, labels }: BenchImages): Promise<string[]> {
  const { train } = (await openData("cifar10")).splits;
  const indices = selectCalibration(train.n, 2000, 0);
  const calibration = preprocessPixels(gatherImages(train, indices), 3, 1024, snn.preprocessing);
  const files: readonly (readonly [string, Uint8Array])[] = [
    ["network.snn.safetensors", encodeSnn(snn)],
    ["images.npy", encodeNpy([n, 3, 32, 32], images)],
    ["labels.npy", encodeNpy([n], BigInt64Array.from(labels, BigInt))],
    ["calibration.npy", encodeNpy([indices.length, 3, 32, 32], calibration)],
  ];
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  return files.map(([name]) => join(folder, name));
}

async function openPeer(
  { python, folder }: PythonEnvironment,
  files: readonly string[],
  lambda: string,
  threads: number,
): Promise<Peer> {
  const words = [
    join(repository, "bench/spikingjelly_peer.py"),
    ...files,
    ...["--mode", lambda === "max" ? "max" : `${lambda.slice(1)}%`],
    ...["--threads", String(threads), "--times", flags.steps],
    ...(flags["no-compile"] ? [] : ["--compile"]),
  ];
  const cache = join(folder, "compiled");
  const env = { ...process.env, TORCHINDUCTOR_CACHE_DIR: cache, OMP_NUM_THREADS: String(threads) };
  const { ask, end } = startPeer(python, words, env);
  const facts = (await ask()) as PeerFacts;
  console.error(`spikingjelly, λ ${lambda}, ${threads} threads: ${JSON.stringify(facts.tried)}`);
  return {
    facts,
    round: async (kind) => (await ask(`${kind} ${seconds}\n`)) as number,
    end,
  };
}

interface Race {
  readonly T: number;
  readonly ours: Ours;
  readonly own: Map<Kind, number[]>;
  readonly other: Map<Kind, number[]>;
}

const goals: Readonly<Record<Kind, string>> = { tutorial: "≥ 10", plain: "", compiled: "≥ 7" };

/** For each kind a round of ours, then one of theirs. */
async function runRace({ T, ours, own, other }: Race, peer: Peer): Promise<void> {
  for (const kind of kinds) {
    if (peer.facts.settings[kind] === null) continue;
    own.set(kind, [...(own.get(kind) ?? []), await ours.round()]);
    other.set(kind, [...(other.get(kind) ?? []), (await peer.round(kind)) / T]);
  }
}

function describeRace({ T, ours, own, other }: Race, { facts }: Peer, lambda: string, threads: number) {
  return kinds.flatMap((kind) => {
    const [mine, theirs] = [own.get(kind) ?? [], other.get(kind) ?? []];
    const setting = facts.settings[kind];
    if (setting === null || mine.length === 0) return [];
    const ratios = mine.map((rate, round) => rate / (theirs[round] as number));
    return [
      [
        lambda,
        String(T),
        String(threads),
        `${kind}: ${setting.mode}, batch ${setting.batch}`,
        `${(100 * ours.rate).toFixed(1)} / ${(100 * (facts.rates[String(T)] ?? Number.NaN)).toFixed(1)} %`,
        String(ours.batch),
        median(mine).toFixed(1),
        median(theirs).toFixed(2),
        describeSpread(ratios, 1),
        goals[kind],
        `${ours.accuracy.toFixed(1)} / ${(facts.accuracy[String(T)] ?? Number.NaN).toFixed(1)}`,
      ],
    ];
  });
}

async function main(): Promise<void> {
  const environment = makePythonEnvironment(
    "spikingjelly",
    join(repository, "bench/spikingjelly-requirements.txt"),
  );
  if (typeof environment === "string") {
    console.log(`skipped: no Python environment with SpikingJelly can be made here: ${environment}`);
    return;
  }
  const rows: string[][] = [];
  let torch = "";
  for (const lambda of flags.lambda.split(",")) {
    const snn = await convertModel(flags.model, lambda);
    const images = await readImages(snn, Number(flags.n));
    const folder = mkdtempSync(join(tmpdir(), "respike-spikingjelly-"));
    try {
      const files = await writeFiles(folder, snn, images);
      for (const threads of numbersOf(flags.threads)) {
        const peer = await openPeer(environment, files, lambda, threads);
        torch = peer.facts.torch;
        for (const T of numbersOf(flags.steps)) {
          const ours = await prepareOurs(snn, threads, T, images, seconds);
          const race: Race = { T, ours, own: new Map(), other: new Map() };
          for (let round = 0; round < Number(flags.rounds); round++) await runRace(race, peer);
          rows.push(...describeRace(race, peer, lambda, threads));
          await ours.meter.close();
        }
        await peer.end();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  console.log(`${describeMachine()}; spikingjelly 2.0.0, torch ${torch}; ${flags.n} test images`);
  const head =
    "λ,T,threads,SpikingJelly,mean rate ours / theirs,our batch,respike images/s,SpikingJelly images/s,ratio (lowest–highest),goal,accuracy ours / theirs";
  console.log(markdownTable(head.split(","), rows));
}

await main();
