/**
 * Few steps: accuracy of our presets against SpikingJelly's and sinabs's conversions on the same images, then speed.
 *
 *   node dist-dev/bench/few-steps-against-peers.js [--only resnet20] [--n 1000] [--steps 8,16,32,64] [--peer-steps 64] [--peer-device cpu|cuda]
 *     [--ours binary,signed,refine,ltb|none] [--peers robust,ltb,sinabs|none] [--threads 1] [--minutes M] [--table]
 *     [--out runs/few-steps-against-peers]
 *   node dist-dev/bench/few-steps-against-peers.js --race [--only resnet20] [--rounds 5] [--seconds 1] [--no-compile]
 *
 * The first n test images of CIFAR-10, ResNet-20 and ResNet-56 of ../shared/models, the same folded weights on both sides. Peers:
 * SpikingJelly 2.0.0's RobustNorm (channel-wise 99.9th percentile of our 2,000 calibration images, half threshold) and LTB (400
 * batches of 128 training images), each also with the delayed readout that SpikingJelly estimates; sinabs 3.1.3's `from_model`,
 * whose neurons send many spikes a step. Ours: presets made for each T, `ltb` once. Rows are compared within one alphabet only.
 *
 * Everything finished is kept in the folder; the same command goes on where it stopped, `--minutes` stops it by itself, `--table`
 * only prints. `--race` times, by turns and on as many threads, SpikingJelly's method that stays within 0.5 points of the
 * network's accuracy from the smallest T on (any T, in `inference_mode`, best of step modes and batches, with `torch.compile`
 * and without) against the quickest of ours that do: binary, and of any alphabet.
 *
 * Makes a Python environment with the packages of bench/spikingjelly-requirements.txt in the cache folder; where it cannot, it says so
 * and measures our side alone.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { markdownTable, signed } from "../scripts/measure-support.js";
import { describeMachine, numbersOf, repository } from "./bench-support.js";
import {
  type Comparison,
  compareWithPeer,
  comparisonHead,
  type Decisions,
  describeComparison,
  describeVerdict,
  measureAccuracy,
} from "./compare-with-peers.js";
import { describeRace, runRace } from "./few-steps-race.js";
import {
  type Method,
  measureOurs,
  measurePeer,
  methods,
  nameOf,
  type OwnPiece,
  readOurs,
  readPeer,
  type Work,
} from "./few-steps-work.js";
import { makePythonEnvironment } from "./python-environment.js";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    n: { type: "string", default: "1000" },
    steps: { type: "string", default: "8,16,32,64" },
    "peer-steps": { type: "string", default: "64" },
    "peer-device": { type: "string", default: "cpu" },
    ours: { type: "string", default: "binary,signed,refine,ltb" },
    peers: { type: "string", default: "robust,ltb,sinabs" },
    threads: { type: "string", default: "1" },
    minutes: { type: "string" },
    out: { type: "string", default: "runs/few-steps-against-peers" },
    table: { type: "boolean", default: false },
    race: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    "no-compile": { type: "boolean", default: false },
  },
});

const networks = ["cifar10-resnet20.th", "cifar10-resnet56.th"].filter((file) => file.includes(flags.only));
const steps = numbersOf(flags.steps);
const everyStep = Array.from({ length: 64 }, (_, step) => step + 1);
const work: Work = {
  out: flags.out,
  n: Number(flags.n),
  threads: Number(flags.threads),
  peerSteps: Number(flags["peer-steps"]),
  peerDevice: flags["peer-device"],
  signal: flags.minutes === undefined ? undefined : AbortSignal.timeout(Number(flags.minutes) * 60_000),
};

/** `ltb` is the same for any T and is read at all of them; the others are made for the T they are read at. */
function listOwnPieces(network: string): readonly OwnPiece[] {
  const presets = flags.ours.split(",").filter((name) => name !== "none") as OwnPiece["preset"][];
  return presets.flatMap((preset): OwnPiece[] => {
    if (preset === "ltb") return [{ network, preset, T: 64, at: everyStep }];
    return steps.map((T) => ({ network, preset, T, at: [T] }));
  });
}

const alphabets = { binary: "binary", signed: "signed", refine: "multi-level", ltb: "binary" } as const;

function ownDecisions(network: string): readonly Decisions[] {
  return listOwnPieces(network).flatMap((piece) =>
    [...(readOurs(work, piece)?.at ?? [])].map(([T, classes]) => {
      return { name: piece.preset, alphabet: alphabets[piece.preset], T, classes };
    }),
  );
}

function peerDecisions(network: string, method: Method): readonly Decisions[] {
  const kept = readPeer(work, network, method);
  if (kept === undefined) return [];
  const { title, alphabet } = method;
  return steps.flatMap((T) => {
    if (T > work.peerSteps) return [];
    const classes = kept.decisions.map((at) => at[T - 1] as number);
    const plain: Decisions = { name: title, alphabet, T, classes };
    const late = kept.delayed[String(T)];
    if (late === undefined || kept.delays[String(T)] === 0) return [plain];
    return [plain, { ...plain, name: `${title}, read after step ${kept.delays[String(T)]}`, classes: late }];
  });
}

/** Ours that a method is compared with: the preset that is meant for few steps, and the one of the same recipe. */
const opponents = { robust: ["binary"], ltb: ["binary", "ltb"], sinabs: ["refine"] } as const;

function printComparisons(): void {
  const rows: (readonly string[])[] = [];
  const judged: Comparison[] = [];
  for (const network of networks) {
    const own = ownDecisions(network);
    const judges = listOwnPieces(network).flatMap((piece) => readOurs(work, piece) ?? [])[0];
    if (judges === undefined) continue;
    for (const method of methods) {
      for (const peer of peerDecisions(network, method)) {
        for (const mine of own) {
          const isOpponent = (opponents[method.name] as readonly string[]).includes(mine.name);
          const isSameRecipe = mine.name === "ltb";
          if (!isOpponent || mine.T !== peer.T || (isSameRecipe && peer.name !== method.title)) continue;
          const comparison = compareWithPeer(mine, peer, judges);
          rows.push(describeComparison(network.replace(/\..*$/, ""), mine, peer, comparison));
          if (!isSameRecipe) judged.push(comparison);
        }
      }
    }
  }
  console.log(`${markdownTable(comparisonHead, rows)}\n`);
  console.log(`\`binary\` and \`refine\`, ${describeVerdict(judged)}\n`);
}

function printOurs(): void {
  const rows = networks.flatMap((network) =>
    listOwnPieces(network).flatMap((piece) => {
      const kept = readOurs(work, piece);
      if (kept === undefined) return [];
      const wanted = [...kept.at].filter(([T]) => steps.includes(T));
      return wanted.map(([T, classes]) => {
        const { accuracy, ci95, loss, lossCi95, n } = measureAccuracy(classes, kept);
        const interval = ([low, high]: readonly [number, number]) =>
          `[${signed(low, 1)}, ${signed(high, 1)}]`;
        return [
          network.replace(/\..*$/, ""),
          piece.preset,
          alphabets[piece.preset],
          String(T),
          String(n),
          `${accuracy.toFixed(1)} ${interval(ci95)}`,
          `${signed(loss, 1)} ${interval(lossCi95)}`,
          ((kept.operations.get(T) ?? Number.NaN) / 1e6).toFixed(1),
        ];
      });
    }),
  );
  const head = ["network", "preset", "spikes", "T", "n", "% [95 %]", "loss, points [95 %]", "M operations"];
  console.log(`${markdownTable(head, rows)}\n`);
}

/** Runs what is missing; false where the time is up. */
async function measureAll(): Promise<boolean> {
  const environment = makeEnvironment();
  const ours = networks.flatMap((network) => listOwnPieces(network));
  try {
    for (const network of networks)
      for (const method of methods.filter(({ name }) => flags.peers.split(",").includes(name)))
        if (environment !== null) await measurePeer(work, environment, network, method);
    for (const piece of ours) {
      const begun = performance.now();
      await measureOurs(work, piece);
      const seconds = (performance.now() - begun) / 1000;
      if (seconds > 1) console.error(`${nameOf(piece)}: ${seconds.toFixed(0)} s`);
    }
  } catch (error) {
    if (work.signal?.aborted !== true) throw error;
    console.error("time is up; the same command goes on here");
    return false;
  }
  return true;
}

function makeEnvironment() {
  const environment = makePythonEnvironment(
    "spikingjelly",
    join(repository, "bench/spikingjelly-requirements.txt"),
  );
  if (typeof environment !== "string") return environment;
  console.log(
    `peers skipped: no Python environment with SpikingJelly and sinabs can be made here: ${environment}`,
  );
  return null;
}

async function raceAll(): Promise<void> {
  const environment = makeEnvironment();
  if (environment === null) return;
  for (const network of networks) {
    const peers = methods
      .filter(({ name }) => name !== "sinabs")
      .flatMap((method) => ({ method, kept: readPeer(work, network, method) }));
    const own = listOwnPieces(network).flatMap((piece) => {
      const decisions = readOurs(work, piece);
      return decisions === undefined ? [] : [{ piece, decisions, alphabet: alphabets[piece.preset] }];
    });
    const options = {
      rounds: Number(flags.rounds),
      seconds: Number(flags.seconds),
      compile: !flags["no-compile"],
    };
    const results = await runRace(work, environment, network, peers, own, options);
    console.log(describeRace(network, results));
  }
}

if (flags.race) await raceAll();
else {
  if (!flags.table) await measureAll();
  console.log(`${describeMachine()}; the first ${work.n} test images\n`);
  printComparisons();
  printOurs();
}
