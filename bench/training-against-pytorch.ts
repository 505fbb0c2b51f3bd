/**
 * Training images a second of ResNet-20 against PyTorch on the same processor.
 *
 *   node dist-dev/bench/training-against-pytorch.js [--shortcut P] [--threads 2] [--batch 128] [--rounds 5] [--seconds 3]
 *
 * Makes a Python environment with the packages of bench/spikingjelly-requirements.txt (torch is one of them) in the cache
 * folder, and says so and stops where it cannot. Ours: the plain and the blocked lowering. PyTorch: as it is; with an
 * allocator that keeps freed memory (glibc's thresholds, where the system has glibc); and with channels last besides. A
 * step is forward, loss, backward and SGD on random images in memory, on all sides. Rounds alternate.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { explainUnblockable, makeBlockedRules } from "#src/training/blocked/blocked-rules.js";
import { probeBlocks } from "#src/training/blocked/probe-blocks.js";
import { buildResnet } from "#src/training/build-resnet.js";
import { TrainingSession } from "#src/training/engine-session.js";
import { type Engine, loadEngine } from "#src/training/load-engine.js";
import { lowerToTrainingGraph } from "#src/training/lower-to-training-graph.js";
import { readState } from "#src/training/network-state.js";
import { type GradientRules, gradientRules } from "#src/training/rules/rule-table.js";
import { markdownTable } from "../scripts/measure-support.js";
import { describeMachine, describeSpread, median, repository, watchOthers } from "./bench-support.js";
import { makePythonEnvironment } from "./python-environment.js";

const { values: flags } = parseArgs({
  options: {
    shortcut: { type: "string", default: "P" },
    threads: { type: "string", default: "2" },
    batch: { type: "string", default: "128" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
  },
});
const shortcut = flags.shortcut === "A" ? "A" : "P";
const [threads, batch, rounds, seconds] = [flags.threads, flags.batch, flags.rounds, flags.seconds].map(
  Number,
) as [number, number, number, number];

interface Runner {
  readonly name: string;
  /** Images a second of one round. */
  round(): Promise<number>;
  end(): Promise<void>;
}

/** Freed memory is kept for the next step instead of being given back and faulted in again. */
const keptMemory = { MALLOC_TRIM_THRESHOLD_: "4294967296", MALLOC_MMAP_THRESHOLD_: "4294967296" };

const plan = {
  input: [3, 32, 32],
  classes: 10,
  blocks: 3,
  width: 16,
  shortcut,
  batchNormEpsilon: 1e-5,
  seed: 1,
} as const;

async function openOurs(engine: Engine, name: string, rules: GradientRules): Promise<Runner> {
  const graph = buildResnet(plan);
  const compiled = lowerToTrainingGraph(graph, { batch, momentum: 0.9, weightDecay: 5e-4 }, rules);
  const session = await TrainingSession.open(engine, compiled, readState(graph), threads);
  const pixels = Float32Array.from({ length: batch * 3072 }, (_, at) => Math.sin(at * 0.7 + (at % 13)));
  const targets = new Float32Array(batch * 10);
  for (let at = 0; at < batch; at++) targets[at * 10 + (at % 10)] = 1;
  const step = () =>
    session.step(
      new engine.Tensor("float32", pixels, [batch, 3, 32, 32]),
      new engine.Tensor("float32", targets, [batch, 10]),
      0.01,
    );
  for (let warm = 0; warm < 3; warm++) await step();
  return {
    name,
    async round() {
      const began = performance.now();
      let done = 0;
      for (; performance.now() - began < 1000 * seconds; done += batch) await step();
      return (1000 * done) / (performance.now() - began);
    },
    end: () => session.release(),
  };
}

async function openPeer(
  name: string,
  python: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Runner> {
  const common = ["--threads", String(threads), "--batch", String(batch), "--shortcut", shortcut];
  const child = spawn(python, [join(repository, "bench/pytorch_training_peer.py"), ...common, ...words], {
    env: { ...process.env, OMP_NUM_THREADS: String(threads), ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ask = talk(child);
  const { torch } = (await ask()) as { readonly torch: string };
  return {
    name: `PyTorch ${torch.replace(/\+.*/, "")}, ${name}`,
    round: async () => (await ask(`${seconds}\n`)) as number,
    async end() {
      child.stdin?.end();
    },
  };
}

/** One answer a line; a peer that ends is an error. */
function talk(child: ChildProcess) {
  if (child.stdout === null || child.stdin === null) throw new Error("the peer has no pipes");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { stdin } = child;
  return async (question?: string): Promise<unknown> => {
    if (question !== undefined) stdin.write(question);
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the peer ended without an answer");
    return JSON.parse(value as string);
  };
}

async function openRunners(python: string): Promise<Runner[]> {
  const engine = await loadEngine();
  const block = await probeBlocks(engine);
  const reason =
    block === null ? "no blocked operators" : explainUnblockable(buildResnet(plan), batch, block);
  const runners = [await openOurs(engine, "respike, plain", gradientRules)];
  if (block !== null && reason === null) {
    runners.push(await openOurs(engine, `respike, blocked by ${block}`, makeBlockedRules(block)));
  } else console.error(`no blocked lowering: ${reason}`);
  runners.push(await openPeer("default", python, [], {}));
  runners.push(await openPeer("memory kept", python, [], keptMemory));
  runners.push(await openPeer("memory kept, channels last", python, ["--channels-last"], keptMemory));
  return runners;
}

async function race(runners: readonly Runner[]): Promise<void> {
  const others = watchOthers();
  const rates: number[][] = runners.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, runner] of runners.entries()) rates[at]?.push(await runner.round());
  }
  const reference = runners.findIndex(({ name }) => name.endsWith(", default"));
  const ratios = (mine: readonly number[]) =>
    mine.map((rate, round) => rate / (rates[reference]?.[round] ?? Number.NaN));
  const rows = runners.map(({ name }, at) => [
    name,
    median(rates[at] ?? []).toFixed(0),
    describeSpread(ratios(rates[at] ?? [])),
  ]);
  console.log(
    `ResNet-20, option ${shortcut}, batch ${batch}, ${threads} threads, ${rounds} rounds; ${describeMachine()}`,
  );
  console.log(
    markdownTable(["training", "images/s", "ratio to PyTorch's default (lowest–highest round)"], rows),
  );
  console.log(
    `busy besides this process (the peers among it): ${(100 * others()).toFixed(0)} % of the machine`,
  );
}

const environment = makePythonEnvironment(
  "spikingjelly",
  join(repository, "bench/spikingjelly-requirements.txt"),
);
if (typeof environment === "string") {
  console.error(`PyTorch cannot be had here: ${environment}`);
  process.exitCode = 5;
} else {
  const runners = await openRunners(environment.python);
  await race(runners);
  for (const runner of runners) await runner.end();
}
