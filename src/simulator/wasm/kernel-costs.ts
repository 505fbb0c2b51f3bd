/**
 * What a kernel costs, by a model: nanoseconds of one image and step on one thread.
 *
 * Knows: constants fitted to measurements (bench/kernel-limits.ts prints both), rates, shapes. May not know: which
 * kernel is taken, the machine it runs on: the same network is planned alike everywhere.
 *
 * All are sums of work per pixel of 16 output channels, per event, per byte of the source:
 *
 *   tables of 8:    pixels · (a + b · bytes of the window that have weights)
 *   tables of 12:   pixels · (a + 48-bit words of the window · (b + c · rate)) + building
 *   events:         bytes of the source · (a + b · rows that hear it) + pixels · (c + d · events)
 *   neurons:        pixels · e
 */

/** Fitted on an AMD EPYC of the fourth generation, Node 20, one thread: layers of ResNet-20 at rates from 1 to 16 %. */
export const costConstants = {
  neurons: 2.6,
  /** `word`: a pixel of 2 bytes, as most shortcuts have; `taken`: the same where tables of 12 take it along. */
  table8: { pixel: 3.7, byte: 0.66, word: 1.8, taken: 1 },
  table12: { pixel: 0.6, word: 1.75, rate: 4, row: 4.5 },
  events: {
    /** Listing a byte of the source; merging a byte into the list of a row that hears it. */
    byte: 0.75,
    merged: 0.16,
    /** A pixel and an event, by blocks run together. */
    pixel: { 1: 18, 2: 13, 4: 5 } as Readonly<Record<number, number>>,
    event: { 1: 0.44, 2: 1, 4: 2 } as Readonly<Record<number, number>>,
  },
} as const;

/** Image steps over which tables are reckoned to be shared: 8 images of 350 steps. */
const sharedSteps = 2_800;

export interface WindowSize {
  /** Pixels of the target. */
  readonly pixels: number;
  /** Mean of |N|/T of the source; bit planes of a spike. */
  readonly rate: number;
  readonly planes: number;
}

/** @param bytes of the window with a weight, summed over the blocks; blocks that have any */
export function costTables8({ pixels, planes }: WindowSize, bytes: number, blocks: number): number {
  const { pixel, byte, word } = costConstants.table8;
  return pixels * planes * (bytes === 2 * blocks ? blocks * word : blocks * pixel + bytes * byte);
}

/** @param words 48-bit words of the window */
export function costTables12({ pixels, rate, planes }: WindowSize, words: number, blocks: number): number {
  const { pixel, word, rate: perRate, row } = costConstants.table12;
  const building = (words * 4 * 4_096 * row) / sharedSteps;
  return blocks * (pixels * planes * (pixel + words * (word + perRate * rate)) + building);
}

export interface EventSize extends WindowSize {
  /** Bytes of a step of the source, and bytes heard, once a target row that hears them. */
  readonly sourceBytes: number;
  readonly heardBytes: number;
  /** Source neurons in a window. */
  readonly fanIn: number;
}

/** @param groups blocks of each group that is run together */
export function costEvents(size: EventSize, groups: readonly number[]): number {
  const { byte, merged, pixel, event } = costConstants.events;
  const { pixels, rate, planes, sourceBytes, heardBytes, fanIn } = size;
  const lists = planes * (sourceBytes * byte + heardBytes * merged);
  return groups.reduce(
    (sum, blocks) =>
      sum + lists + pixels * (planes * (pixel[blocks] ?? 0) + fanIn * rate * (event[blocks] ?? 0)),
    0,
  );
}

/** What `costTables8` is for a shortcut that tables of 12 take along. */
export function costTakenWord({ pixels }: WindowSize, blocks: number): number {
  return pixels * blocks * costConstants.table8.taken;
}

export const costNeurons = (pixels: number, blocks: number): number =>
  costConstants.neurons * pixels * blocks;
