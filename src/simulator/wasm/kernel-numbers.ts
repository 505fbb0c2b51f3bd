/**
 * Kernels by number, as assembly/spiking/run-tiles.ts and calls.ts have them.
 *
 * Knows: numbers. May not know: what kernels do.
 */
import type { Lanes } from "./choose-kernels.js";

/** Current kernels of a pass: tables of 8. */
export const currentKernels: Readonly<Record<Lanes, number>> = { int16: 0, int32: 1, float32: 2 };
/** Tables of 12, by source channels. */
export const rowsKernels: Readonly<Record<number, number>> = { 16: 3, 32: 4, 64: 5 };

/** The event list. */
export const eventsKernel = 6;

/** Neuron kernels of binary spikes, and of all others. */
export const binaryKernels: Readonly<Record<Lanes, number>> = { int16: 0, int32: 1, float32: 2 };
export const levelKernels: Readonly<Record<Lanes, number>> = { int16: 3, int32: 4, float32: 5 };

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
  levels16: 9,
  levelsInt: 10,
  levelsFloat: 11,
  gateLevels: 12,
  events: 13,
} as const;
