/**
 * The simulator against that of another build of the project, by turns in one process and one thread: what a change made of it.
 *
 *   node dist-dev/bench/against-another-build.js --other FOLDER --snn FILE [--steps T] [--n 32] [--rounds 30] [--counts]
 *
 * FOLDER is a checkout that was built (`npm run build`). Outputs on the first test images of CIFAR-10, without counts unless
 * `--counts` is given. Prints the median and the best round of each side, ms an image, the median of the ratios of the rounds with the
 * lowest and highest, and whether the outputs are the same; with others it ends with exit code 1.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { decodeSnn } from "#src/formats/snn/decode-snn.js";
import { refinementOfGraph } from "#src/graph/check-refinement.js";
import type { Snn } from "#src/graph/snn.js";
import type { SimulationRequest, SimulationResult, Simulator } from "#src/simulator/backend.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { describeMachine, describeSpread, median, readImages } from "./bench-support.js";

const { values: flags } = parseArgs({
  options: {
    other: { type: "string" },
    snn: { type: "string" },
    steps: { type: "string" },
    n: { type: "string", default: "32" },
    rounds: { type: "string", default: "30" },
    counts: { type: "boolean", default: false },
  },
});
if (flags.other === undefined || flags.snn === undefined) throw new Error("--other and --snn are needed");
for (const name of ["n", "rounds", "steps"] as const) {
  const value = flags[name];
  if (value !== undefined && !(Number.isInteger(Number(value)) && Number(value) >= 1))
    throw new Error(`--${name} ${value}: a whole number from 1 on`);
}
const bytes = readFileSync(flags.snn);

interface Side {
  readonly simulator: Simulator;
  /** ms an image. */
  readonly times: number[];
  last?: SimulationResult;
}

/** The other build's own decoder and simulator. */
async function openOther(folder: string): Promise<Side> {
  const load = (file: string) => import(pathToFileURL(resolve(folder, "dist", file)).href);
  const decoder = (await load("formats/snn/decode-snn.js")) as { decodeSnn: typeof decodeSnn };
  const backend = (await load("simulator/wasm-backend.js")) as { makeWasmBackend: typeof makeWasmBackend };
  const simulator = await backend.makeWasmBackend().prepare(decoder.decodeSnn(bytes));
  return { simulator, times: [] };
}

function requestOf(snn: Snn, images: Float32Array, n: number): SimulationRequest {
  const options = snn.options as Partial<Pick<SimulationRequest, "readout" | "delay">> & {
    readonly T?: number;
  };
  const steps = Number(flags.steps ?? options.T);
  const usual = refinementOfGraph(snn.graph) === null ? "mean" : "final";
  const { readout = usual, delay = 0 } = options;
  return { images, n, steps, snapshots: [steps], readout, delay, ...(flags.counts ? {} : { counted: [] }) };
}

function runRound(side: Side, request: SimulationRequest): void {
  const began = performance.now();
  side.last = side.simulator.run({ ...request, recycle: side.last });
  side.times.push((performance.now() - began) / request.n);
}

const snn = decodeSnn(bytes);
const n = Number(flags.n);
const request = requestOf(snn, (await readImages(snn, n)).images, n);
const now: Side = { simulator: await makeWasmBackend().prepare(snn), times: [] };
const before = await openOther(flags.other);
const warmUp = 3;
for (let round = 0; round < Number(flags.rounds) + warmUp; round++)
  for (const side of [before, now]) runRound(side, request);
const [old, fresh] = [before, now].map(({ times }) => times.slice(warmUp)) as [number[], number[]];
const describe = (times: readonly number[]) =>
  `${median(times).toFixed(2)} ms an image, best ${Math.min(...times).toFixed(2)}`;
const ratios = old.map((time, round) => time / (fresh[round] as number));
const isSame = String(before.last?.outputs) === String(now.last?.outputs);
console.log(describeMachine());
console.log(`the other build: ${describe(old)}\nthis build: ${describe(fresh)}`);
console.log(`times as quick: ${describeSpread(ratios)}; outputs ${isSame ? "the same" : "differ"}`);
if (!isSame) process.exitCode = 1;
