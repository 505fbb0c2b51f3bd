/**
 * The arguments of a layer that is run tile by tile, as words in memory in the order of assembly/spiking/tile-arguments.ts.
 *
 * Knows: TileArguments, Pass. May not know: what comes next.
 */

import type { BlockGroup } from "../planning/group-blocks.js";
import { areStacked } from "../planning/many-planes.js";
import { coefficientOf, type SpikePlane, wordBytes } from "../planning/spike-planes.js";
import { argumentBytes, passWords } from "./command-size.js";
import type { DiagonalMemory } from "./diagonal-memory.js";
import { type EventRoom, eventWindowOf, isOfBytes } from "./event-memory.js";
import { type HalvedSteps, noState, segmentOf, spikesAt, valuesAt } from "./kernel-commands.js";
import {
  currentKernels,
  diagonalKernels,
  eventsKernels,
  neuronKernelOf,
  rowsKernels,
  scatterKernel,
  stackedKernels,
  stackedWordKernel,
  valuesKernels,
} from "./kernel-numbers.js";
import type { BlockMemory, LayerMemory, NetworkMemory } from "./layer-memory.js";
import { rowsTableBytes, tableBytes } from "./layer-memory.js";
import type { MemoryArena } from "./memory-arena.js";
import type { Run } from "./pack-tables.js";
import type { SlotMemory } from "./slot-memory.js";
import type { SpikeLayout } from "./spike-layout.js";

/** Words of TileArguments that are written here; where those of observed times begin. */
const headerWords = 46;
const observedWord = 26;
const halveWord = 31;
const startWord = 34;

/** A pass, and what it points at: Segment[] or an EventWindow. */
interface PassWords {
  readonly kernel: number;
  readonly block: number;
  readonly blocks: number;
  readonly plane: SpikePlane;
  readonly parts: readonly (readonly number[])[];
  /** Whether it is one word of 16 channels of binary spikes. */
  readonly isWord?: boolean;
}

/**
 * Writes the arguments of a group of a layer's blocks, whose tables lie side by side, to a piece of memory of their own;
 * returns its address. `setBlockSteps` sets the steps.
 */
export function writeTiles(
  arena: MemoryArena,
  network: NetworkMemory,
  slot: SlotMemory,
  layer: LayerMemory,
  group: BlockGroup,
): number {
  const passes = [
    ...listEventPasses(network, slot, layer, group),
    ...listTablePasses(network, slot, layer, group),
    // behind all passes that note which planes have spikes, for which there is room by number
    ...layer.diagonals.flatMap((diagonal) => listDiagonalPasses(slot, layer, diagonal, group)),
  ];
  const words = passes.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.length, 0);
  const command = arena.allocate(argumentBytes + (passes.length * passWords + words) * 4);
  const passesAt = command + argumentBytes;
  const partsAt = passesAt + passes.length * passWords * 4;
  arena.words(command, headerWords).set(headerOf(network, slot, layer, group, passes.length, passesAt));
  let [passAt, partAt] = [passesAt, partsAt];
  let started = 0;
  for (const { kernel, block, blocks, plane, parts } of passes) {
    const starts = block + blocks > started ? 1 : 0;
    started = Math.max(started, block + blocks);
    arena
      .words(passAt, passWords)
      .set([kernel, block, blocks, starts, plane.shift, plane.negative ? 1 : 0, parts.length, partAt]);
    passAt += passWords * 4;
    for (const part of parts) {
      arena.words(partAt, part.length).set(part);
      partAt += part.length * 4;
    }
  }
  return command;
}

/** TileArguments; steps and observed times are set later. */
function headerOf(
  network: NetworkMemory,
  slot: SlotMemory,
  { stage, kernel, threshold, nearest }: LayerMemory,
  group: BlockGroup,
  passCount: number,
  passesAt: number,
): readonly number[] {
  const state = slot.layers.get(stage.id) ?? noState;
  const out = network.layouts.get(stage.id) as SpikeLayout;
  const [, height, width] = stage.shape;
  const elements = group.first * height * width * 16;
  const laneBytes = kernel.lanes === "int16" ? 2 : 4;
  return [
    ...[height, width, 0, 0, group.count, passCount, passesAt, network.commands],
    ...[network.partial, state.base + elements * laneBytes],
    ...[state.potential + elements * 4, state.count + elements * 4, height * width * 16],
    ...[threshold + group.first * 64, stage.reset === "zero" ? 1 : 0],
    ...planesOut(slot, out, group),
    ...[stage.lo, stage.hi, state.magnitude + elements * 4, neuronKernelOf(stage, kernel.lanes)],
    ...[network.zeros, passCount === 0 ? 0 : 16 * laneBytes],
    ...[0, 0, 0, 0],
    ...[state.events === 0 ? 0 : state.events + elements * 4, 0, 0, 0],
    ...[0, 0, 0, nearest + group.first * 128, network.stacks],
    ...[network.masks, network.maskBytes],
    ...valuesOut(slot, out, group),
  ];
}

/** Where a group of blocks writes planes, 0 if nobody reads them, and strides. */
function planesOut(slot: SlotMemory, out: SpikeLayout, { first }: BlockGroup): readonly number[] {
  const address = out.planeBytes === 0 ? 0 : spikesAt(slot, out) + first * wordBytes;
  return [address, out.row, out.step, out.pixel, out.plane];
}

/** The same of bytes; then whether planes are those of two's complement. */
function valuesOut(slot: SlotMemory, out: SpikeLayout, { first }: BlockGroup): readonly number[] {
  const { values } = out;
  const isComplement = out.isComplement ? 1 : 0;
  if (values === null) return [0, 0, 0, 0, isComplement];
  return [valuesAt(slot, out) + first * 16, values.row, values.step, values.pixel, isComplement];
}

/** Which steps of the block halve the quantum: those from `first` up to, not including, `end`. */
export function setHalvings(arena: MemoryArena, command: number, { first, end, shift }: HalvedSteps): void {
  arena.setWords(command + halveWord * 4, [first, end, shift]);
}

/** What a run of tiles starts from, and what is wanted at its end. */
export interface TileEnds {
  /** Where V lies before the first step; 0 if that was run before. */
  readonly start: number;
  /** The step of the block after which nothing follows; −1 where the image goes on. */
  readonly finalStep: number;
  readonly wanted: WantedState;
}

/** What of a stage's state is read after its last step. */
export interface WantedState {
  /** Σ|s| and events. */
  readonly totals: boolean;
  readonly counts: boolean;
  readonly potentials: boolean;
}

export function setEnds(
  arena: MemoryArena,
  command: number,
  { start, finalStep, wanted: { totals, counts, potentials } }: TileEnds,
): void {
  const wanted = Number(totals) + 2 * Number(counts) + 4 * Number(potentials);
  arena.setWords(command + startWord * 4, [start, finalStep, wanted]);
}

/** At which times (address and number of ObservedTime[]) a group of blocks sums its counts up, and where the weights of its first element lie. */
export interface ObservedTiles {
  readonly times: number;
  readonly count: number;
  readonly weights: readonly [first: number, second: number];
}

export function setObserved(
  arena: MemoryArena,
  command: number,
  { times, count, weights }: ObservedTiles,
): void {
  arena.setWords(command + observedWord * 4, [times, count, ...weights]);
}

/** The passes of each window that the event list runs, for all blocks together: one a plane, or one of all spikes by value. */
function listEventPasses(
  network: NetworkMemory,
  slot: SlotMemory,
  { events, kernel: { scatters, lanes } }: LayerMemory,
  { first, count }: BlockGroup,
): readonly PassWords[] {
  const wordsLanes = lanes === "int16" ? "int16" : "int32";
  const passes = events.flatMap((event) =>
    event.byValue
      ? [{ event, kernel: valuesKernels[wordsLanes], plane: onePlane, index: 0 }]
      : event.layout.planes.map((plane, index) => {
          return { event, kernel: scatters ? scatterKernel : eventsKernels[wordsLanes], plane, index };
        }),
  );
  return passes.map(({ event, kernel, plane, index }, at) => {
    const { layout } = event;
    const spikes = isOfBytes(event) ? valuesAt(slot, layout) : spikesAt(slot, layout) + index * layout.plane;
    const room = network.eventRooms[at] as EventRoom;
    const part = eventWindowOf(event, first, spikes, room, network.positions);
    return { kernel, block: 0, blocks: count, plane, parts: [part] };
  });
}

const onePlane: SpikePlane = { shift: 0, negative: false };

/** What a pass over all planes says of them in place of one: a shift of 1 stands for two's complement. */
const walkedPlane = (layout: SpikeLayout): SpikePlane => ({
  shift: layout.isComplement ? 1 : 0,
  negative: false,
});

/** A pass a block of a window that is diagonal; its part is a DiagonalWindow. */
function listDiagonalPasses(
  slot: SlotMemory,
  { kernel: { lanes } }: LayerMemory,
  { layout, weights, blockBytes }: DiagonalMemory,
  { first, count }: BlockGroup,
): readonly PassWords[] {
  const { values } = layout;
  if (values === null) return [];
  const kernel = diagonalKernels[lanes === "int16" ? "int16" : "int32"];
  return Array.from({ length: count }, (_, block) => {
    const source = valuesAt(slot, layout) + (first + block) * 16;
    const at = weights + (first + block) * blockBytes;
    const part = [source, values.row, values.step, values.pixel, at];
    return { kernel, block, blocks: 1, plane: onePlane, parts: [part] };
  });
}

/** One pass a plane of the window that tables of 12 run, or one for many planes. */
function listRowsPasses(slot: SlotMemory, rows: Run | null, block: number): readonly PassWords[] {
  if (rows === null) return [];
  const { shape, planes } = rows.layout;
  if (areStacked(planes.length)) {
    const kernel = stackedKernels[shape[0]] as number;
    const plane = walkedPlane(rows.layout);
    return [{ kernel, block, blocks: 1, plane, parts: stackPlanes(rows, slot, 0) }];
  }
  const kernel = rowsKernels[shape[0]] as number;
  return planes.map((plane, index) => {
    return { kernel, block, blocks: 1, plane, parts: [segmentOf(rows, slot, 0, index)] };
  });
}

/** A Segment and its plane's shift and sign for each plane of a run, shifts descending. */
function stackPlanes(run: Run, slot: SlotMemory, table: number): readonly (readonly number[])[] {
  return [...run.layout.planes.entries()]
    .sort(([, a], [, b]) => b.shift - a.shift)
    .map(([index, { shift, negative }]) => [...segmentOf(run, slot, table, index), shift, negative ? 1 : 0]);
}

/** Per block: passes of tables of 12, then of 8. */
function listTablePasses(
  network: NetworkMemory,
  slot: SlotMemory,
  layer: LayerMemory,
  { first, count }: BlockGroup,
): readonly PassWords[] {
  const passes: PassWords[] = [];
  let table = network.tables;
  for (let block = 0; block < count; block++) {
    const { rows, rowsTables, runs, tables } = layer.blocks[first + block] as BlockMemory;
    const ofRows = listRowsPasses(slot, rows, block);
    table += rowsTables * rowsTableBytes;
    const ofRuns = listRunPasses(slot, layer, runs, block, table);
    table += tables * tableBytes[layer.kernel.lanes];
    passes.push(...joinShortcut(ofRows, ofRuns));
    const isDriven = ofRows.length + ofRuns.length + layer.events.length + layer.diagonals.length > 0;
    // where nothing drives a block, its sums are the constant current
    if (isDriven || layer.kernel.windows.length === 0) continue;
    const kernel = currentKernels[layer.kernel.lanes];
    passes.push({ kernel, block, blocks: 1, plane: { shift: 0, negative: false }, parts: [] });
  }
  return passes;
}

/**
 * A shortcut that is one word of 16 channels is taken along by the tables of 12, where the spikes of both are binary: the
 * pass for many planes has planes of its own source alone.
 */
function joinShortcut(ofRows: readonly PassWords[], ofRuns: readonly PassWords[]): readonly PassWords[] {
  const [rows, run] = [ofRows[0], ofRuns[0]];
  const isOne = ofRows.length === 1 && ofRuns.length === 1 && run?.parts.length === 1;
  const isBinary = rows?.parts.length === 1;
  if (!isOne || !isBinary || !run.isWord) return [...ofRows, ...ofRuns];
  return [{ ...rows, parts: [...rows.parts, ...run.parts] }];
}

/** Whether a run is one word of every pixel, and no more. */
function isWordOf({ bytes, window, rowOffset, layout }: Run, height: number): boolean {
  const last = (height - 1) * window.stride[0] + rowOffset;
  return bytes === 2 && rowOffset >= 0 && last < layout.shape[1] && layout.planes.length === 1;
}

/** One pass a run that is a word of many planes; of the others one a coefficient: the runs of all sources that have such a plane. */
function listRunPasses(
  slot: SlotMemory,
  { stage, kernel: { lanes } }: LayerMemory,
  runs: readonly Run[],
  block: number,
  firstTable: number,
): readonly PassWords[] {
  const passes = new Map<number, PassWords & { readonly parts: (readonly number[])[] }>();
  const stacked: PassWords[] = [];
  let table = firstTable;
  for (const run of runs) {
    const isStacked = lanes === "int16" && run.bytes === 2 && areStacked(run.layout.planes.length);
    if (isStacked) {
      const parts = stackPlanes(run, slot, table);
      const plane = walkedPlane(run.layout);
      stacked.push({ kernel: stackedWordKernel, block, blocks: 1, plane, parts });
    } else
      for (const [index, plane] of run.layout.planes.entries()) {
        const isWord = isWordOf(run, stage.shape[1]);
        const empty = { kernel: currentKernels[lanes], block, blocks: 1, plane, parts: [], isWord };
        const pass = passes.get(coefficientOf(plane)) ?? empty;
        passes.set(coefficientOf(plane), pass);
        pass.parts.push(segmentOf(run, slot, table, index));
      }
    table += run.bytes * tableBytes[lanes];
  }
  return [...passes.values(), ...stacked];
}
