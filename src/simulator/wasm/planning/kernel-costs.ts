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
 *   all planes:     the same with the constants of `stacked`, of sources of three planes or more; of what refines a share of the planes
 *   events:         bytes of the source · (a + b · rows that hear it) + pixels · (c + d · events)
 *   by value:       bytes of the source · a + pixels · (c + d · events), events being bits over the bits of a spike; where a
 *                   window slides a share of the pixels' part
 *   a channel each: pixels · a
 *   neurons:        pixels · e
 *
 *   32-bit sums:    tables of 8 and events (integers alone) with constants of their own; a constant current alone: pixels · a
 *
 * and where only one kernel can run a layer, so that nothing is chosen by it:
 *
 *   lists:          currents · a + neurons · (b + pooled currents · c) + spikes · (d + targets of one · e)
 */

import { areStacked } from "./many-planes.js";

/**
 * Fitted on an AMD EPYC of the fourth generation, Node 20, one thread: layers of ResNet-20 in four alphabets, at rates from 1
 * to 50 %. `complement`, `listed`, `slides` and `diagonal` were fitted to whole layers of ResNet-20 that refine at T = 2 on an Intel Xeon
 * with AVX-512.
 */
export const costConstants = {
  /** By planes of the spikes sent. */
  neurons: { binary: 2, plane: 2.4 },
  /** `word`: a pixel of 2 bytes, as most shortcuts have; `taken`: the same where tables of 12 take it along. */
  table8: { pixel: 3.7, byte: 0.66, word: 1.8, taken: 1.1 },
  /**
   * A word by how many the window has (the more, the less of their tables is in the second cache) and by the rate of its
   * plane; `apart`: how much more where columns do not lie side by side; `scaled`: what a pixel of one of several planes
   * costs more.
   */
  table12: {
    pixel: 0.5,
    word: { 3: 1.55, 6: 2, 12: 2.6 } as Readonly<Record<number, number>>,
    rate: 4.5,
    apart: 1.35,
    scaled: 1.5,
    row: 1,
    /**
     * All planes in one walk: what a plane costs beside its words, and `rate`. `complement`: the share of the planes that are
     * left in two's complement, as layers that refine send them.
     */
    stacked: { pixel: 1, rate: 9, complement: 0.8 },
  },
  events: {
    /** Listing a byte of the source; merging a byte into the list of a row that hears it. */
    byte: 0.75,
    merged: 0.16,
    /** A pixel and an event, by blocks run together. */
    pixel: { 1: 18, 2: 13, 4: 5 } as Readonly<Record<number, number>>,
    event: { 1: 0.44, 2: 1, 4: 2 } as Readonly<Record<number, number>>,
    /**
     * By value: a spike has so many bits; `byte` from planes, `listed` where spikes lie as bytes; `slides`: the share of a pixel's cost
     * that is left where a window slides, by blocks.
     */
    value: {
      byte: 5.5,
      listed: 3.3,
      slides: { 1: 0.75, 2: 0.92 } as Readonly<Record<number, number>>,
      bits: 1.22,
      pixel: { 1: 27, 2: 24, 4: 124 } as Readonly<Record<number, number>>,
      event: { 1: 0.63, 2: 1.16, 4: 2.02 } as Readonly<Record<number, number>>,
      wideEvent: { 1: 0.8, 2: 1.4, 4: 2.7 } as Readonly<Record<number, number>>,
    },
  },
  /** A pixel of a shortcut that keeps to its channel, whose spikes lie as bytes. */
  diagonal: 1.2,
  /** A word tested for a row and column of the window that hears it; a spike and target; a pixel that begins. */
  scatter: {
    word: 2,
    event: { 1: 1.3, 2: 2.2, 4: 5 } as Readonly<Record<number, number>>,
    pixel: 0.6,
  },
  /**
   * 32-bit sums: integers and floats add alike, but neurons of floats compare, and divide for levels. `constant`: where no
   * spike adds to the current; `event`, `eventPixel`: as in `events`, for integers.
   */
  wide: {
    pixel: 6,
    byte: 1.1,
    constant: 0.55,
    eventPixel: { 1: 18, 2: 13, 4: 20 } as Readonly<Record<number, number>>,
    event: { 1: 0.75, 2: 2.3, 4: 4.8 } as Readonly<Record<number, number>>,
    neurons: { int32: { binary: 2, plane: 2.4 }, float32: { binary: 7.3, plane: 9 } },
  },
  /** A spike misses the cache for its list; `pooled`: a current looked at by a pool. Fitted with pools of 2×2. */
  list: { current: 0.6, neuron: 11, pooled: 6.5, spike: 240, synapse: 0.75 },
} as const;

/** Image steps over which tables are reckoned to be shared: 8 images of 78 steps, of 8 where layers refine. */
const sharedSteps = { many: 622, few: 64 };

export interface WindowSize {
  /** Pixels of the target. */
  readonly pixels: number;
  /** Bits a neuron and step of the source, over all bit planes of its spikes. */
  readonly rate: number;
  readonly planes: number;
  /** Whether the source refines, so that runs are short. */
  readonly refines: boolean;
}

/** @param bytes of the window with a weight, summed over the blocks; blocks that have any */
export function costTables8({ pixels, planes }: WindowSize, bytes: number, blocks: number): number {
  const { pixel, byte, word } = costConstants.table8;
  return pixels * planes * (bytes === 2 * blocks ? blocks * word : blocks * pixel + bytes * byte);
}

/** @param words 48-bit words of the window; whether columns lie side by side */
export function costTables12(
  { pixels, rate, planes, refines }: WindowSize,
  words: number,
  isSideBySide: boolean,
  blocks: number,
): number {
  const { pixel, word, rate: plainRate, apart, scaled, row, stacked } = costConstants.table12;
  const walked = refines && areStacked(planes) ? planes * stacked.complement : planes;
  const building = (words * 4 * 4_096 * row) / (refines ? sharedSteps.few : sharedSteps.many);
  const isStacked = areStacked(planes);
  const perRate = isStacked ? stacked.rate : plainRate;
  const once = isStacked ? stacked.pixel : planes === 1 ? pixel : pixel + scaled;
  const ofWord = (word[words] ?? 0) * (isSideBySide ? 1 : apart);
  return blocks * (pixels * (walked * (once + words * ofWord) + words * perRate * rate) + building);
}

export interface EventSize extends WindowSize {
  /** Bytes of a step of the source, and bytes heard, once a target row that hears them. */
  readonly sourceBytes: number;
  readonly heardBytes: number;
  /** Source neurons in a window. */
  readonly fanIn: number;
  /** Whether spikes are listed by value, all planes at once; whether its window is one that slides. */
  readonly byValue: boolean;
  readonly slides: boolean;
}

/** @param groups blocks of each group that is run together; @param lanes of the sums */
export function costEvents(
  size: EventSize,
  groups: readonly number[],
  lanes: "int16" | "int32" = "int16",
): number {
  if (size.byValue) return costValues(size, groups, lanes);
  const { byte, merged } = costConstants.events;
  const { pixel, event } =
    lanes === "int16"
      ? costConstants.events
      : { pixel: costConstants.wide.eventPixel, event: costConstants.wide.event };
  const { pixels, rate, planes, sourceBytes, heardBytes, fanIn } = size;
  const lists = planes * (sourceBytes * byte + heardBytes * merged);
  return groups.reduce(
    (sum, blocks) =>
      sum + lists + pixels * (planes * (pixel[blocks] ?? 0) + fanIn * rate * (event[blocks] ?? 0)),
    0,
  );
}

/** The same of spikes by value. */
function costValues(size: EventSize, groups: readonly number[], lanes: "int16" | "int32"): number {
  const { merged } = costConstants.events;
  const { byte, listed, bits, pixel, event: narrow, wideEvent, slides } = costConstants.events.value;
  const event = lanes === "int16" ? narrow : wideEvent;
  const { pixels, rate, sourceBytes, heardBytes, fanIn, refines } = size;
  const lists = sourceBytes * (refines ? listed : byte) + heardBytes * merged;
  const shareOf = (blocks: number) => (size.slides && lanes === "int16" ? (slides[blocks] ?? 1) : 1);
  const ofPixel = (blocks: number) =>
    shareOf(blocks) * ((pixel[blocks] ?? 0) + ((fanIn * rate) / bits) * (event[blocks] ?? 0));
  return groups.reduce((sum, blocks) => sum + lists + pixels * ofPixel(blocks), 0);
}

/** The same by scatter: no lists, but sums are read and written. */
export function costScatter(size: EventSize, groups: readonly number[]): number {
  const { word, event, pixel } = costConstants.scatter;
  const { pixels, rate, planes, heardBytes, fanIn } = size;
  return groups.reduce(
    (sum, blocks) =>
      sum +
      planes * (heardBytes / 2) * word +
      pixels * (blocks * pixel + fanIn * rate * (event[blocks] ?? 0)),
    0,
  );
}

export function costDiagonal({ pixels }: WindowSize, blocks: number): number {
  return pixels * blocks * costConstants.diagonal;
}

/** What `costTables8` is for a shortcut that tables of 12 take along. */
export function costTakenWord({ pixels }: WindowSize, blocks: number): number {
  return pixels * blocks * costConstants.table8.taken;
}

/** @param planes of the spikes sent */
export function costNeurons(pixels: number, blocks: number, planes: number): number {
  const { binary, plane } = costConstants.neurons;
  return pixels * blocks * (planes === 1 ? binary : planes * plane);
}

/** What `costTables8` is for 32-bit sums; where no byte is heard, the constant current alone. */
export function costWideTables({ pixels, planes }: WindowSize, bytes: number, blocks: number): number {
  const { pixel, byte } = costConstants.wide;
  return pixels * planes * (blocks * pixel + bytes * byte);
}

export function costConstant(pixels: number, blocks: number): number {
  return pixels * blocks * costConstants.wide.constant;
}

/** What `costNeurons` is for 32-bit sums. */
export function costWideNeurons(
  pixels: number,
  blocks: number,
  planes: number,
  lanes: "int32" | "float32",
): number {
  const { binary, plane } = costConstants.wide.neurons[lanes];
  return pixels * blocks * (planes === 1 ? binary : planes * plane);
}

export interface ListSize {
  readonly currents: number;
  readonly neurons: number;
  /** Currents that a neuron's pool looks at, 0 without a pool. */
  readonly pooled: number;
  /** Of a step, over all sources: bits sent, and synapses that they travel. */
  readonly spikes: number;
  readonly synapses: number;
}

export function costList({ currents, neurons, pooled, spikes, synapses }: ListSize): number {
  const { list } = costConstants;
  return (
    currents * list.current +
    neurons * (list.neuron + pooled * list.pooled) +
    spikes * list.spike +
    synapses * list.synapse
  );
}
