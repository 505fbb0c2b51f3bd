/**
 * Every layer of a converted network on real test images against what the machine can load and add, in one process and
 * one thread; kernel-limits.ts does the same with spikes drawn at random.
 *
 *   node dist-dev/bench/network-limits.js [--snn FILE | --model ../shared/models/cifar10-resnet20.th --lambda p99.9]
 *     [--steps 64] [--n 16] [--rounds 9]
 *
 * A layer's useful work: the 16-byte pieces of table rows (tables) or of weights (events) that it has to load and add, those of
 * its shortcut too; a kernel's share of the limit is that work at the limit's speed over its own time, listing of spikes included.
 * It is run once more behind each of its calls for that, without neurons; the layer's share is the same work against the layer's
 * whole time, neurons and building of tables included. The limit is measured before and after each run of the network; times and
 * shares are medians of the rounds. The rate is what the layer's largest source sent, bits a neuron and step.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { decodeSnn } from "#src/formats/snn/decode-snn.js";
import { layTable } from "#src/report/render-table.js";
import { planSnn } from "#src/simulator/plan/plan-snn.js";
import type { WindowSynapses } from "#src/simulator/plan/window-synapses.js";
import { chooseKernels } from "#src/simulator/wasm/planning/choose-kernels.js";
import { usedBytes } from "#src/simulator/wasm/planning/kernel-windows.js";
import type { LayerKernel } from "#src/simulator/wasm/planning/layer-kernel.js";
import { type CountedSimulator, makeWasmBackend } from "#src/simulator/wasm-backend.js";
import { convertModel, defaultModel, describeMachine, median, readImages } from "./bench-support.js";
import { measureLimit } from "./machine-limit.js";
import { watchStages } from "./watch-stages.js";

const { values: flags } = parseArgs({
  options: {
    snn: { type: "string" },
    model: { type: "string", default: defaultModel },
    lambda: { type: "string", default: "p99.9" },
    steps: { type: "string", default: "64" },
    n: { type: "string", default: "16" },
    rounds: { type: "string", default: "9" },
  },
});
const [n, steps, rounds] = [Number(flags.n), Number(flags.steps), Number(flags.rounds)];

const snn =
  flags.snn === undefined
    ? await convertModel(flags.model, flags.lambda)
    : decodeSnn(readFileSync(flags.snn), flags.snn);
const plan = planSnn(snn.graph);
const watched = watchStages(plan, () => simulator.readMilliseconds());
const simulator: CountedSimulator = await makeWasmBackend(undefined, undefined, watched.watch).prepare(snn);
const { images } = await readImages(snn, n);
const readout = plan.refine === null ? "mean" : "final";
const request = { images, n, steps, snapshots: [steps], readout, delay: 0 } as const;

/** Pieces of 16 bytes that one window asks for, an image and step. */
function piecesOf({ rows, events, stage }: LayerKernel, window: WindowSynapses, rate: number): number {
  const pixels = stage.shape[1] * stage.shape[2];
  const registers = 2 * Math.ceil(stage.shape[0] / 16);
  const [channels] = window.sourceShape;
  if (window === rows) return pixels * registers * (channels / 16) * 12;
  if (events.includes(window))
    return pixels * registers * channels * window.kernel[0] * window.kernel[1] * rate;
  return pixels * 2 * usedBytes(window).reduce((sum, bytes) => sum + bytes, 0);
}

const idOf = new Map(plan.neurons.map(({ id, name }) => [name, id]));
const kernels = chooseKernels(plan, false).filter(
  ({ lanes, windows }) => lanes === "int16" && windows.length > 0,
);
const measured = kernels.map(() => ({
  own: [] as number[],
  ownShares: [] as number[],
  times: [] as number[],
  shares: [] as number[],
}));
const limits: number[] = [];
let rates = new Map<string, number>();
for (let round = 0; round <= rounds; round++) {
  const before = new Map(simulator.readMilliseconds());
  watched.restart();
  const limitBefore = measureLimit();
  const { layers } = simulator.run(request);
  const limit = (limitBefore + measureLimit()) / 2;
  rates = new Map(
    layers.map(({ name, counts }) => [
      idOf.get(name) ?? name,
      counts.reduce((sum, count) => sum + count, 0) / counts.length / steps,
    ]),
  );
  if (round === 0) continue;
  limits.push(limit);
  for (const [at, kernel] of kernels.entries()) {
    const { id } = kernel.stage;
    const alone = watched.milliseconds.get(id) ?? 0;
    const spent = (simulator.readMilliseconds().get(id) ?? 0) - (before.get(id) ?? 0) - alone;
    const [time, own] = [spent, alone].map((milliseconds) => (1000 * milliseconds) / n / steps) as [
      number,
      number,
    ];
    const pieces = kernel.windows.reduce(
      (sum, window) => sum + piecesOf(kernel, window, rates.get(window.source) ?? 0),
      0,
    );
    measured[at]?.own.push(own);
    measured[at]?.ownShares.push(pieces / (own * limit * 1000));
    measured[at]?.times.push(time);
    measured[at]?.shares.push(pieces / (time * limit * 1000));
  }
}

const largestOf = (windows: readonly WindowSynapses[]) =>
  windows.reduce((most, each) => (each.weights.length > most.weights.length ? each : most));
console.log(describeMachine());
console.log(`limit ${median(limits).toFixed(2)} · 10⁹ loads and additions of 16 bytes a second`);
console.log(
  layTable(
    [
      "layer",
      "shape",
      "kernel",
      "rate of its source",
      "kernel alone, µs",
      "share of the limit",
      "layer, µs",
      "share of the layer",
    ],
    kernels.map((kernel, at) => [
      kernel.stage.name,
      kernel.stage.shape.join("×"),
      kernel.name,
      `${(100 * (rates.get(largestOf(kernel.windows).source) ?? 0)).toFixed(1)} %`,
      median(measured[at]?.own ?? []).toFixed(2),
      `${(100 * median(measured[at]?.ownShares ?? [])).toFixed(0)} %`,
      median(measured[at]?.times ?? []).toFixed(2),
      `${(100 * median(measured[at]?.shares ?? [])).toFixed(0)} %`,
    ]),
  ),
);
