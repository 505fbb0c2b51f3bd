/**
 * Windows that the event list runs: their weights in memory, and room for the lists.
 *
 * Knows: EventWindow of assembly/spiking/event-arguments.ts. May not know: which layer takes which kernel.
 */
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { BlockGroup } from "../planning/group-blocks.js";
import { isListedByValue } from "../planning/many-planes.js";
import { coefficientOf } from "../planning/spike-planes.js";
import type { MemoryArena } from "./memory-arena.js";
import type { SpikeLayout } from "./spike-layout.js";

/** A window and its weights, once a group of blocks. */
export interface EventWindowMemory {
  readonly window: WindowSynapses;
  readonly layout: SpikeLayout;
  /** [ky][kx][source channel][outputs of the group] int16; by the group's first block. */
  readonly weights: ReadonlyMap<number, number>;
  /** Whether spikes are listed by value, all planes in one pass; what a bit of each plane stands for, 16 bits each. */
  readonly byValue: boolean;
  readonly coefficients: number;
}

/** Room for the lists of one pass. */
export interface EventRoom {
  readonly held: number;
  readonly rows: number;
  readonly rowStarts: number;
  readonly merged: number;
  readonly starts: number;
  readonly sources: number;
}

/** Steps of a tile (assembly/spiking/tile-arguments.ts). */
const tileSteps = 32;
/** Lists are written by vectors of 16 bytes, two at a time. */
const slack = 64;

const channelsOf = (layout: SpikeLayout) => layout.blocks * 16;

/** Source rows between the first and the last of a window, both included. */
const ringOf = ({ kernel, dilation }: WindowSynapses) => (kernel[0] - 1) * dilation[0] + 1;

/** @param lanes of the sums; null where spikes are scattered */
export function writeEventWindow(
  window: WindowSynapses,
  layout: SpikeLayout,
  groups: readonly BlockGroup[],
  arena: MemoryArena,
  lanes: "int16" | "int32" | null,
): EventWindowMemory {
  const weights = groups.map(({ first, count }) => {
    const packed = packWeights(window, channelsOf(layout), first * 16, count * 16);
    const address = arena.allocate(packed.length * 2);
    arena.shorts(address, packed.length).set(packed);
    return [first, address] as const;
  });
  const coefficients = layout.planes.map(coefficientOf);
  const coefficientsAt = arena.allocate(coefficients.length * 2);
  arena.shorts(coefficientsAt, coefficients.length).set(coefficients);
  const byValue = lanes !== null && isListedByValue(window, layout.signs, lanes);
  return { window, layout, weights: new Map(weights), byValue, coefficients: coefficientsAt };
}

/** Passes over the events of a window. */
export const passesOf = ({ byValue, layout }: EventWindowMemory) => (byValue ? 1 : layout.planes.length);

/** Whether spikes are listed from bytes; else from planes. */
export const isOfBytes = ({ byValue, layout }: EventWindowMemory) => byValue && layout.values !== null;

/** Outputs `first`… of all rows of weights, zeros where channels do not exist. */
function packWeights(
  { kernel, sourceShape, targetShape, weights }: WindowSynapses,
  channels: number,
  first: number,
  count: number,
): Int16Array {
  const packed = new Int16Array(kernel[0] * kernel[1] * channels * count);
  const outputs = Math.min(count, targetShape[0] - first);
  for (let k = 0; k < kernel[0] * kernel[1]; k++) {
    for (let c = 0; c < sourceShape[0]; c++) {
      const from = (k * sourceShape[0] + c) * targetShape[0] + first;
      const to = (k * channels + c) * count;
      for (let o = 0; o < outputs; o++) packed[to + o] = weights[from + o] as number;
    }
  }
  return packed;
}

const stepBytesOf = (layout: SpikeLayout) => layout.shape[2] * channelsOf(layout) * 2 + slack;

const mergedBytesOf = ({ window, layout }: EventWindowMemory) =>
  window.kernel[0] * layout.shape[2] * channelsOf(layout) * 2 + slack;

/** Room for each pass, enough for any of the windows. */
export function layOutEventRooms(
  windows: readonly EventWindowMemory[],
  passes: number,
  arena: MemoryArena,
): readonly EventRoom[] {
  const most = (sizeOf: (each: EventWindowMemory) => number) => Math.max(0, ...windows.map(sizeOf));
  const startsBytes = most(({ layout }) => (layout.shape[2] + 1) * tileSteps * 4);
  const [merged, starts] = [arena.allocate(most(mergedBytesOf) * tileSteps), arena.allocate(startsBytes)];
  const sources = arena.allocate(most(({ window }) => window.kernel[0] * 8));
  return Array.from({ length: passes }, () => ({
    held: arena.allocate(most(({ window }) => ringOf(window) * 4)),
    rows: arena.allocate(most(({ window, layout }) => ringOf(window) * tileSteps * stepBytesOf(layout))),
    rowStarts: arena.allocate(
      most(({ window, layout }) => ringOf(window) * (layout.shape[2] + 1) * tileSteps * 4),
    ),
    merged,
    starts,
    sources,
  }));
}

/** Words of an EventWindow. */
export const eventWindowWords = 29;

/** An EventWindow. @param spikes address of the plane's, or the bytes' (y 0, t 0, x 0) */
export function eventWindowOf(
  event: EventWindowMemory,
  firstBlock: number,
  spikes: number,
  room: EventRoom,
  positions: number,
): readonly number[] {
  const { window, layout } = event;
  const channels = channelsOf(layout);
  const { pixel, step, row } = isOfBytes(event) && layout.values !== null ? layout.values : layout;
  return [
    spikes,
    row,
    step,
    layout.shape[1],
    layout.shape[2],
    pixel,
    ...window.kernel,
    window.stride[0],
    window.offset[0],
    window.dilation[0],
    window.stride[1],
    window.offset[1],
    channels,
    channels * window.kernel[1],
    event.weights.get(firstBlock) ?? 0,
    ringOf(window),
    room.held,
    room.rows,
    room.rowStarts,
    stepBytesOf(layout),
    room.merged,
    mergedBytesOf(event),
    room.starts,
    positions,
    room.sources,
    ...[isOfBytes(event) ? 0 : layout.planes.length, layout.plane, event.coefficients],
  ];
}
