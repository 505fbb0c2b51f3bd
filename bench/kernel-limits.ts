/**
 * Kernels against what the machine can load and add, against the planner's model, and several alphabets against binary
 * spikes; in one process and one thread.
 *
 *   node dist-dev/bench/kernel-limits.js [--part limits|layers|levels] [--channels 16,32,64] [--rates 5,10] [--steps 320]
 *     [--rounds 9]
 *
 * Layers are 3×3 convolutions in ResNet-20's shapes. What is compared is measured by turns; a share or ratio is the median
 * of those of the rounds, a time the median too. Without `--part` all three are run, one after the other.
 *
 * limits (rates 5 and 10 %): the limit is 16-byte loads from the first cache, each added to a sum, in WebAssembly. A kernel's
 * useful work: the 16-byte pieces of weights (event list) or of table rows (tables) that it has to load and add; its share of
 * the limit is that work at the limit's speed over its own time, listing of spikes included. In brackets the same over
 * the layer's whole time, neurons and building of tables included.
 *
 * layers (rates 1, 2, 5 and 10 %): every kernel that can run the layer, scatter among them, in int16, int32 and float32; with
 * signed-burst:3 and with a pool before the neurons (a list) at 5 %; the constant current of the image: µs an image and step,
 * and in brackets what the model of src/simulator/wasm/planning/kernel-costs.ts has. Its constants are fitted to these.
 *
 * levels: the same layer behind neurons of several alphabets, which all hear the same currents: time a plane against that
 * of binary spikes.
 */
import { parseArgs } from "node:util";
import { randomNormal } from "#src/core/counter-random.js";
import type { Shape } from "#src/graph/node-types.js";
import { parseAlphabet, type SpikeAlphabet } from "#src/graph/spike-alphabet.js";
import type { KernelFamily } from "#src/simulator/wasm/planning/plan-kernels.js";
import { spikePlanes } from "#src/simulator/wasm/planning/spike-planes.js";
import { measureLimit } from "./machine-limit.js";
import { type MeasuredStage, makeLayer, prepareStage } from "./synthetic-layers.js";

const { values: flags } = parseArgs({
  options: {
    part: { type: "string" },
    channels: { type: "string", default: "16,32,64" },
    rates: { type: "string" },
    steps: { type: "string", default: "320" },
    rounds: { type: "string", default: "9" },
  },
});
const [steps, rounds] = [Number(flags.steps), Number(flags.rounds)];
const images = 8;
const formats = ["int32", "float32"] as const;
const families = ["table-12", "events", "scatter", "table-8"] as const;

const shapes = flags.channels.split(",").map((channels): Shape => {
  const side = ({ 16: 32, 32: 16, 64: 8 } as Readonly<Record<string, number>>)[channels];
  if (side === undefined) throw new RangeError(`--channels: 16, 32 or 64, not ${channels}`);
  return [Number(channels), side, side];
});
const ratesOf = (usual: string) => (flags.rates ?? usual).split(",").map((percent) => Number(percent) / 100);

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** A 3×3 layer behind binary spikes of a rate. */
const prepareFamily = (shape: Shape, rate: number, prefer: KernelFamily, alone = false) =>
  prepareStage(makeLayer(shape, { rate }), {
    steps,
    images,
    value: () => rate,
    isPoisson: true,
    prefer,
    alone,
  });

/** Pieces of 16 bytes that a pixel's sums need. */
function piecesOf(family: KernelFamily, channels: number, rate: number): number {
  const registers = channels / 8;
  if (family === "table-12") return (channels / 16) * 12 * registers;
  if (family === "table-8") return channels * (9 / 8) * registers;
  return channels * 9 * rate * registers;
}

async function compareWithLimit(shape: Shape, rate: number): Promise<void> {
  const [channels, height, width] = shape;
  const layers = await Promise.all(families.map((family) => prepareFamily(shape, rate, family, true)));
  for (const layer of layers) layer.run();
  const rows = layers.map(() => ({ times: [] as number[], own: [] as number[], wholes: [] as number[] }));
  const limits: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [at, layer] of layers.entries()) {
      const before = measureLimit();
      const time = layer.run();
      const limit = (before + measureLimit()) / 2;
      limits.push(limit);
      const pieces = piecesOf(families[at] as KernelFamily, channels, rate) * height * width;
      const least = pieces / (limit * 1000);
      rows[at]?.times.push(layer.currents());
      rows[at]?.own.push(least / layer.currents());
      rows[at]?.wholes.push(least / time);
    }
  }
  const texts = rows.map(
    ({ times, own, wholes }, at) =>
      `${families[at]} ${median(times).toFixed(2)} µs, ${percent(own)} % (${percent(wholes)} % of the layer)`,
  );
  console.log(`${placeOf(shape, rate)} (limit ${median(limits).toFixed(2)} · 10⁹/s): ${texts.join("; ")}`);
}

const percent = (shares: readonly number[]) => (100 * median(shares)).toFixed(0);

const placeOf = ([channels, height, width]: Shape, rate: number) =>
  `${channels} channels, ${height}×${width}, rate ${+(100 * rate).toFixed(2)} %`;

/** Stages by turns: the times of each. */
function runByTurns(stages: readonly MeasuredStage[]): readonly (readonly number[])[] {
  for (const stage of stages) stage.run();
  const times = stages.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++)
    for (const [at, stage] of stages.entries()) times[at]?.push(stage.run());
  return times;
}

/** What runs windows of 32-bit sums. */
const wideKernels = [
  ["int32", "events"],
  ["int32", "table-8"],
  ["float32", "table-8"],
] as const;

/** Binary spikes: all kernels of 16-bit sums, and those of the other formats. */
async function compareWithModel(shape: Shape, rate: number): Promise<void> {
  const run = { steps, images, value: () => rate, isPoisson: true };
  const others = wideKernels.map(([number, prefer]) =>
    prepareStage(makeLayer(shape, { rate, number }), { ...run, prefer }),
  );
  const ofFamilies = families.map((family) => prepareFamily(shape, rate, family));
  printModel(placeOf(shape, rate), await Promise.all([...ofFamilies, ...others]));
}

/** What takes long, in fewer steps: levels in 32-bit sums, lists. */
async function compareSlow(shape: Shape, rate: number): Promise<void> {
  const run = { steps: Math.ceil(steps / 8), images, value: () => rate, isPoisson: true };
  const alphabet = parseAlphabet("signed-burst:3") as SpikeAlphabet;
  const levels = wideKernels.map(([number, prefer]) =>
    prepareStage(makeLayer(shape, { rate, number, alphabet }), { ...run, prefer }),
  );
  printModel(`${placeOf(shape, rate)}, signed-burst:3`, await Promise.all(levels));
  const lists = formats.map((number) =>
    prepareStage(makeLayer(shape, { rate, number, isPooled: true }), run),
  );
  printModel(`${placeOf(shape, rate)}, pooled`, await Promise.all(lists));
}

/** What the image puts on the first layer, in integers and floats. */
async function compareConstant(shape: Shape): Promise<void> {
  const run = { steps, images, value: () => 0.1, isPoisson: false, stage: "first" } as const;
  const stages = await Promise.all(
    formats.map((number) => prepareStage(makeLayer(shape, { rate: 0.1, number }), run)),
  );
  printModel(`${shape[0]} channels, constant current`, stages);
}

function printModel(place: string, stages: readonly MeasuredStage[]): void {
  const texts = runByTurns(stages).map((times, at) => {
    const { kernel = "", modelled = null } = stages[at] ?? {};
    return `${kernel} ${median(times).toFixed(2)} µs (${modelled?.toFixed(2) ?? "no model"})`;
  });
  console.log(`${place}: ${texts.join("; ")}`);
}

async function compareLevels(shape: Shape): Promise<void> {
  const prefer = shape[0] === 64 ? "events" : "table-12";
  const value = (i: number) => Math.abs(randomNormal(3, i)) / 2;
  const run = { steps, images, value, isPoisson: false, prefer } as const;
  const alphabets = ["binary", "burst:3", "signed", "signed-burst:3"].map((name) => ({
    name,
    alphabet: parseAlphabet(name) as SpikeAlphabet,
  }));
  const stages = await Promise.all(
    alphabets.map(({ alphabet }) => prepareStage(makeLayer(shape, { alphabet }), run)),
  );
  const times = runByTurns(stages);
  const [ofBinary = []] = times;
  const texts = alphabets.map(({ name, alphabet: { lo, hi } }, at) => {
    const planes = spikePlanes(lo, hi).length;
    const own = times[at] ?? [];
    const ratio = median(own.map((time, round) => ((ofBinary[round] as number) * planes) / time));
    const sent = `Σ|s| ${stages[at]?.rate().toFixed(2)}`;
    return `${name} ${median(own).toFixed(2)} µs (${sent})${at === 0 ? "" : `, ${planes} planes at ${ratio.toFixed(2)}×`}`;
  });
  console.log(`${shape[0]} channels, ${prefer}: ${texts.join("; ")}`);
}

const parts: Readonly<Record<string, (shape: Shape) => Promise<void>>> = {
  async limits(shape) {
    for (const rate of ratesOf("5,10")) await compareWithLimit(shape, rate);
  },
  async layers(shape) {
    for (const rate of ratesOf("1,2,5,10")) await compareWithModel(shape, rate);
    for (const rate of ratesOf("5")) await compareSlow(shape, rate);
    await compareConstant(shape);
  },
  levels: compareLevels,
};

for (const [name, compare] of Object.entries(parts)) {
  if (flags.part !== undefined && flags.part !== name) continue;
  for (const shape of shapes) await compare(shape);
}
if (flags.part !== undefined && parts[flags.part] === undefined)
  throw new RangeError(`--part: ${Object.keys(parts).join(", ")}, not ${flags.part}`);
