/**
 * Kernels by number, as assembly/spiking/run-tiles.ts and calls.ts have them.
 *
 * Knows: numbers. May not know: what kernels do.
 */
import type { SpikeAlphabet } from "../../graph/spike-alphabet.js";
import type { Lanes } from "./layer-kernel.js";

/** Current kernels of a pass: tables of 8. */
export const currentKernels: Readonly<Record<Lanes, number>> = { int16: 0, int32: 1, float32: 2 };
/** Tables of 12, by source channels. */
export const rowsKernels: Readonly<Record<number, number>> = { 16: 3, 32: 4, 64: 5 };

/** The event list. */
export const eventsKernel = 6;

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

/** The neuron kernel of spikes lo…hi. */
export function neuronKernelOf({ lo, hi }: SpikeAlphabet, lanes: Lanes): number {
  return neuronKernels[nameNeurons(lo, hi)][lanes];
}

function nameNeurons(lo: number, hi: number): keyof typeof neuronKernels {
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
} as const;
