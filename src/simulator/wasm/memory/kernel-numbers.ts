/**
 * Kernels by number, as assembly/spiking/run-tiles.ts and calls.ts have them.
 *
 * Knows: numbers. May not know: what kernels do.
 */
import { isBinary, type SpikeAlphabet } from "../../../graph/spike-alphabet.js";
import type { NeuronStage } from "../../plan/snn-plan.js";
import type { Lanes } from "../planning/layer-kernel.js";
import { nearestLimit } from "../planning/nearest-spike.js";

/** Current kernels of a pass: tables of 8. */
export const currentKernels: Readonly<Record<Lanes, number>> = { int16: 0, int32: 1, float32: 2 };
/** Tables of 12, by source channels. */
export const rowsKernels: Readonly<Record<number, number>> = { 16: 3, 32: 4, 64: 5 };

/** The same for sources of several planes, all in one walk; and a word of 16 channels a pixel. */
export const stackedKernels: Readonly<Record<number, number>> = { 16: 9, 32: 10, 64: 11 };
export const stackedWordKernel = 12;

/** The event list, by the sums' lanes. */
export const eventsKernels = { int16: 6, int32: 8 } as const;
export const scatterKernel = 7;
/** The event list with spikes by value. */
export const valuesKernels = { int16: 13, int32: 14 } as const;

/** A shortcut within its channel, from spikes as bytes. */
export const diagonalKernels = { int16: 15, int32: 16 } as const;

/** Neuron kernels: of binary spikes, of the common alphabets of levels, of all others. */
const neuronKernels = {
  binary: { int16: 0, int32: 1, float32: 2 },
  any: { int16: 3, int32: 4, float32: 5 },
  bursts2: { int16: 6, int32: 7, float32: 5 },
  bursts3: { int16: 8, int32: 9, float32: 5 },
  signed: { int16: 10, int32: 11, float32: 5 },
  signedBursts2: { int16: 12, int32: 13, float32: 5 },
  signedBursts3: { int16: 14, int32: 15, float32: 5 },
} as const;

/** The same with reset by subtraction, θ in 16 bits, and θ times the largest spike too. */
const narrowKernels: PairKernels = {
  bursts2: { int16: 16, int32: 17 },
  bursts3: { int16: 18, int32: 19 },
  signed: { int16: 20, int32: 21 },
  signedBursts2: { int16: 22, int32: 23 },
  signedBursts3: { int16: 24, int32: 25 },
};

/** With reset by subtraction and θ in 16 bits. */
const wideKernels: PairKernels = {
  bursts2: { int16: 26, int32: 27 },
  bursts3: { int16: 28, int32: 29 },
  signedBursts2: { int16: 30, int32: 31 },
  signedBursts3: { int16: 32, int32: 33 },
};

type NeuronFamily = keyof typeof neuronKernels;
type PairKernels = Readonly<
  Partial<Record<NeuronFamily, Readonly<Record<Exclude<Lanes, "float32">, number>>>>
>;

/** Of layers that refine, by planes of a sign: with θ below 2¹⁵, which all 16-bit sums have, and with any. */
const nearestKernels: Readonly<Record<number, Readonly<Record<"int16" | "int32", number>>>> = {
  1: { int16: 34, int32: 35 },
  2: { int16: 36, int32: 37 },
  3: { int16: 38, int32: 39 },
  4: { int16: 40, int32: 41 },
};
const ladderKernels: Readonly<Record<number, number>> = { 1: 43, 2: 44, 3: 45, 4: 46 };
const floatRefine = 42;

function refineKernelOf({ hi, threshold }: NeuronStage, lanes: Lanes): number {
  const planes = 32 - Math.clz32(hi);
  if (lanes === "float32") return floatRefine;
  const isNarrow = threshold.every((theta) => theta < nearestLimit);
  return isNarrow ? (nearestKernels[planes]?.[lanes] ?? 0) : (ladderKernels[planes] ?? 0);
}

/** The neuron kernel of a layer. */
export function neuronKernelOf(stage: NeuronStage, lanes: Lanes): number {
  const { lo, hi, reset, threshold, refine } = stage;
  if (refine !== null) return refineKernelOf(stage, lanes);
  const name = nameNeurons(lo, hi);
  const fits = (factor: number) => threshold.every((theta) => theta * factor <= 32_767);
  if (lanes !== "float32" && reset === "subtract" && fits(1)) {
    const kernels = fits(Math.max(hi, -lo)) ? narrowKernels[name] : wideKernels[name];
    if (kernels !== undefined) return kernels[lanes];
  }
  return neuronKernels[name][lanes];
}

/** θ of the channels that fill a block up, which no current drives: one that every kernel of the layer takes. */
export function neverReached({ lo, hi }: SpikeAlphabet, lanes: Lanes): number {
  if (!isBinary({ lo, hi })) return Math.floor(32_767 / Math.max(hi, -lo));
  return lanes === "float32" ? Number.POSITIVE_INFINITY : 2 ** 31 - 1;
}

function nameNeurons(lo: number, hi: number): NeuronFamily {
  if (lo === 0 && hi < 8) return hi === 1 ? "binary" : hi < 4 ? "bursts2" : "bursts3";
  if (lo === -1 && hi === 1) return "signed";
  if (lo === -hi && hi < 8) return hi < 4 ? "signedBursts2" : "signedBursts3";
  return "any";
}

/** Kernel numbers of `countCalls`. */
export const kernelNumbers = {
  tables16: 0,
  tablesInt: 1,
  tablesFloat: 2,
  list: 3,
  gate: 4,
  rows: 5,
  fire16: 6,
  fireInt: 7,
  fireFloat: 8,
  any16: 9,
  anyInt: 10,
  anyFloat: 11,
  gateLevels: 12,
  events: 13,
  bursts: 14,
  signed: 15,
  signedBursts: 16,
  constants: 17,
  narrowBursts: 18,
  narrowSigned: 19,
  narrowSignedBursts: 20,
  wideBursts: 21,
  wideSignedBursts: 23,
  scatter: 24,
  eventsInt: 25,
  sparseTables16: 26,
  refine: 27,
  refineFloat: 28,
  refineClimbed: 29,
  stackedWords: 30,
  slidingValues: 31,
  diagonal: 32,
  listedBytes: 33,
  complement: 34,
  diagonalInt: 35,
  shortConstants: 36,
} as const;
