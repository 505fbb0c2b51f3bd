/**
 * Images a second of the WebAssembly simulator, one instance, one thread.
 *
 *   node dist-dev/bench/simulator-speed.js [--snn FILE] [--depth 20] [--rate 0.11] [--steps 350] [--n 8] [--number int16]
 *     [--prefer table-12|events|scatter|table-8]
 *
 * With a file: on test images of CIFAR-10 where they are in the cache, else on noise. Without: a ResNet-shaped network with random
 * weights whose layers all fire at the rate given. Modelled times are the planner's, for the rate that it reckons with.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gatherImages } from "#src/datasets/dataset.js";
import { listDatasets } from "#src/datasets/describe-dataset.js";
import { openDataset } from "#src/datasets/open-dataset.js";
import type { NumberFormat } from "#src/graph/node-types.js";
import { preprocessPixels } from "#src/graph/preprocessing.js";
import type { Snn } from "#src/graph/snn.js";
import type { KernelFamily } from "#src/simulator/wasm/planning/plan-kernels.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { makeResidualSnn, residualImages } from "../test/parity/make-residual-snn.js";

const { values: flags } = parseArgs({
  options: {
    snn: { type: "string" },
    depth: { type: "string", default: "20" },
    rate: { type: "string", default: "0.11" },
    steps: { type: "string", default: "350" },
    n: { type: "string", default: "8" },
    number: { type: "string", default: "int16" },
    repeat: { type: "string", default: "3" },
    prefer: { type: "string" },
  },
});

async function openSnn() {
  if (flags.snn === undefined) {
    return makeResidualSnn((Number(flags.depth) - 2) / 6, Number(flags.rate), flags.number as NumberFormat);
  }
  const { decodeSnn } = await import("#src/formats/snn/decode-snn.js" as string);
  return decodeSnn(readFileSync(flags.snn));
}

/** Preprocessed test images of CIFAR-10, every eleventh; noise without the data set. */
async function openImages(snn: Snn, count: number): Promise<Float32Array> {
  const cacheDir =
    process.env.RESPIKE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "respike");
  const known = flags.snn === undefined ? [] : await listDatasets({ cacheDir });
  if (known.find(({ name }) => name === "cifar10")?.state !== "cached") return residualImages(count);
  const { splits } = await openDataset("cifar10", { cacheDir, offline: true });
  const indices = Uint32Array.from({ length: count }, (_, i) => (i * 11) % 10_000);
  return preprocessPixels(gatherImages(splits.test, indices), 3, 1024, snn.preprocessing);
}

const snn = await openSnn();
const [n, steps] = [Number(flags.n), Number(flags.steps)];
const simulator = await makeWasmBackend(undefined, flags.prefer as KernelFamily | undefined).prepare(snn);
const request = {
  images: await openImages(snn, n),
  n,
  steps,
  snapshots: [steps],
  readout: "mean",
  delay: 0,
} as const;
/** Stage → milliseconds of its quickest round: other processes only ever add time. */
const quickest = new Map<string, number>();
for (let round = 0; round < Number(flags.repeat); round++) {
  const start = performance.now();
  const before = new Map(simulator.readMilliseconds());
  const cpu = process.cpuUsage();
  const { layers } = simulator.run(request);
  const seconds = (performance.now() - start) / 1000;
  for (const [id, sum] of simulator.readMilliseconds()) {
    const spent = sum - (before.get(id) ?? 0);
    quickest.set(id, Math.min(spent, quickest.get(id) ?? spent));
  }
  const used = process.cpuUsage(cpu).user / 1e6;
  const rates = layers.map(
    ({ counts }) => counts.reduce((sum, count) => sum + count, 0) / counts.length / steps,
  );
  const neurons = layers.reduce((sum, { counts }) => sum + counts.length, 0);
  const spikes = layers.reduce((sum, { counts }) => counts.reduce((all, count) => all + count, sum), 0);
  console.log(
    `${(n / seconds).toFixed(2)} images/s, ${((seconds / n) * 1000).toFixed(1)} ms an image (${((used / n) * 1000).toFixed(1)} ms of processor), T = ${steps}, mean rate ${((100 * spikes) / neurons / steps).toFixed(1)} %`,
  );
  if (round === 0) console.log(`rates ${rates.map((rate) => (100 * rate).toFixed(0)).join(" ")} %`);
}
const explanations = new Map(simulator.explain().map((each) => [each.layer, each]));
for (const [id, milliseconds] of quickest) {
  const microseconds = ((milliseconds / n / steps) * 1000).toFixed(2);
  const { kernel = "gate", modelledMicroseconds } = explanations.get(id) ?? {};
  const modelled = modelledMicroseconds ? `(modelled ${modelledMicroseconds.toFixed(2)})` : "";
  console.log(`${id.padEnd(20)} ${microseconds.padStart(7)} µs a step  ${kernel} ${modelled}`);
}
const total = [...quickest.values()].reduce((sum, each) => sum + each, 0);
console.log(`quickest rounds together: ${(total / n).toFixed(1)} ms an image`);
