/**
 * Bit planes of multi-level spikes on a whole network against binary spikes, one instance, one thread, by turns.
 *
 *   node dist-dev/bench/planes-against-binary.js [--model ../shared/models/cifar10-resnet20.th] [--lambda p99.9]
 *     [--alphabets binary,burst:3,signed,signed-burst:3] [--steps 64] [--n 16] [--rounds 5]
 *   node dist-dev/bench/planes-against-binary.js --snn FILE,FILE,… [--steps 64] [--n 16] [--rounds 5]
 *
 * Converts the model once an alphabet, or takes networks that `respike convert --spikes …` made; the first is what the
 * others are compared with, so it should be binary. Images are the first n test images of CIFAR-10. The time is that of all
 * layers, an image and step, the median of the rounds; a plane's speed is (planes · time of the first) / time, the median of
 * the rounds' ratios.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { countElements } from "#src/core/tensor.js";
import { decodeSnn } from "#src/formats/snn/decode-snn.js";
import { isOp } from "#src/graph/node-types.js";
import type { Snn } from "#src/graph/snn.js";
import { layTable } from "#src/report/render-table.js";
import { spikePlanes } from "#src/simulator/wasm/planning/spike-planes.js";
import { makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { convertModel, defaultModel, describeMachine, median, readImages } from "./bench-support.js";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: defaultModel },
    lambda: { type: "string", default: "p99.9" },
    alphabets: { type: "string", default: "binary,burst:3,signed,signed-burst:3" },
    snn: { type: "string" },
    steps: { type: "string", default: "64" },
    n: { type: "string", default: "16" },
    rounds: { type: "string", default: "5" },
  },
});
const [n, steps, rounds] = [Number(flags.n), Number(flags.steps), Number(flags.rounds)];

interface Entry {
  readonly name: string;
  readonly planes: number;
  /** Layers by kernel: `11 table-12 int16, 7 events int16`. */
  readonly kernels: string;
  /** µs an image and step, all layers. */
  run(): number;
  /** Σ|s| a neuron and step. */
  readonly rate: () => number;
}

async function prepareEntry(name: string, snn: Snn): Promise<Entry> {
  const simulator = await makeWasmBackend().prepare(snn);
  const { images } = await readImages(snn, n);
  const readout = String(snn.options.spikes).startsWith("refine") ? "final" : "mean";
  const request = { images, n, steps, snapshots: [steps], readout, delay: 0 } as const;
  const spent = () => [...simulator.readMilliseconds().values()].reduce((sum, each) => sum + each, 0);
  const neurons = snn.graph.nodes.filter((node) => isOp(node, "neuron"));
  let rate = 0;
  return {
    name,
    planes: Math.max(
      ...neurons.map((node) =>
        isOp(node, "neuron") ? spikePlanes(node.attributes.lo, node.attributes.hi).length : 0,
      ),
    ),
    kernels: countKernels(simulator.explain().map(({ kernel }) => kernel)),
    run() {
      const before = spent();
      const { layers } = simulator.run(request);
      const sent = layers.reduce((sum, { counts, magnitudes = counts }) => sum + sumOf(magnitudes), 0);
      const elements = neurons.reduce((sum, { id }) => sum + countElements(snn.graph.shape(id)), 0);
      rate = sent / (n * steps * elements);
      return (1000 * (spent() - before)) / n / steps;
    },
    rate: () => rate,
  };
}

const sumOf = (values: Int32Array) => values.reduce((sum, value) => sum + value, 0);

function countKernels(kernels: readonly string[]): string {
  const names = [...new Set(kernels)];
  return names.map((name) => `${kernels.filter((each) => each === name).length} ${name}`).join(", ");
}

async function openEntries(): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  if (flags.snn !== undefined) {
    for (const file of flags.snn.split(",")) {
      const snn = decodeSnn(readFileSync(file));
      entries.push(await prepareEntry(String(snn.options.spikes ?? file), snn));
    }
  } else {
    for (const alphabet of flags.alphabets.split(","))
      entries.push(await prepareEntry(alphabet, await convertModel(flags.model, flags.lambda, alphabet)));
  }
  return entries;
}

const entries = await openEntries();
for (const entry of entries) entry.run();
const times = entries.map(() => [] as number[]);
for (let round = 0; round < rounds; round++)
  for (const [at, entry] of entries.entries()) times[at]?.push(entry.run());
const [first = []] = times;
console.log(`${describeMachine()}; T = ${steps}, ${n} images, ${rounds} rounds by turns, one thread\n`);
console.log(
  layTable(
    ["spikes", "planes", "Σ|s| a neuron and step", "µs a step", "speed of a plane", "kernels"],
    entries.map(({ name, planes, rate, kernels }, at) => {
      const own = times[at] ?? [];
      const speed = median(own.map((time, round) => ((first[round] as number) * planes) / time));
      return [
        name,
        String(planes),
        rate().toFixed(3),
        median(own).toFixed(0),
        `${speed.toFixed(2)}×`,
        kernels,
      ];
    }),
  ),
);
