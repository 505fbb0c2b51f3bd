/**
 * Current kernel: the event list, for any window over weights of 16 bits. The spikes of a source row and step become a list of
 * offsets, column after column; the lists of a window's rows are merged column by column, so that a pixel's events
 * lie side by side: one branch a pixel that cannot be foreseen.
 *
 * Knows: bits of spikes, the lists' layout. May not know: weights (generators/gather-events.mjs).
 */
import { noteCall } from "./calls";
import { EventWindow } from "./event-arguments";
import { gatherEvents1, gatherEvents2, gatherEvents4, gatherEventsInt } from "./generated/gather-events";
import { gatherValues1, gatherValues2, gatherValues4, gatherValuesInt } from "./generated/gather-values";
import { slides, slideValues1, slideValues2 } from "./generated/slide-values";
import { listValues, startEmpty } from "./list-values";
import { Pass, TileArguments, tileSteps } from "./tile-arguments";

/** Bit b → the positions of its set bits, ascending; the rest of the 8 does not matter. */
export function fillPositions(positions: usize): void {
  for (let b = 0; b < 256; b++) {
    let to = positions + (<usize>b << 4);
    for (let bit = 0; bit < 8; bit++) {
      if (((b >> bit) & 1) == 0) continue;
      store<u16>(to, <u16>bit);
      to += 2;
    }
  }
}

/** Lists a source row's spikes of the tile's steps. Writes up to 16 bytes more than a list is long. */
function listRow(tile: TileArguments, window: EventWindow, row: i32, slot: usize): void {
  const positions = window.positions;
  const eight = i16x8.splat(8);
  const bytes = <usize>window.pixelBytes;
  let spikes = window.source + <usize>row * window.sourceRow + <usize>tile.first * window.sourceStep;
  let list = window.rows + slot * <usize>tileSteps * window.stepBytes;
  let starts = window.rowStarts + ((slot * <usize>tileSteps * <usize>(window.sourceWidth + 1)) << 2);
  for (let t = tile.first; t < tile.last; t++) {
    let to = list;
    let offset = i16x8.splat(0);
    let at = spikes;
    for (let x = 0; x < window.sourceWidth; x++) {
      store<u32>(starts, <u32>to);
      starts += 4;
      for (const end = at + bytes; at < end; at += 2) {
        const low = <usize>load<u8>(at);
        v128.store(to, i16x8.add(v128.load(positions + (low << 4)), offset));
        to += <usize>popcnt<u32>(<u32>low) << 1;
        offset = i16x8.add(offset, eight);
        const high = <usize>load<u8>(at, 1);
        v128.store(to, i16x8.add(v128.load(positions + (high << 4)), offset));
        to += <usize>popcnt<u32>(<u32>high) << 1;
        offset = i16x8.add(offset, eight);
      }
    }
    store<u32>(starts, <u32>to);
    starts += 4;
    list += window.stepBytes;
    spikes += window.sourceStep;
  }
}

/** Finds the window's rows, lists those that are not held yet, by value where `byValue`; returns how many exist. */
function prepareRows(tile: TileArguments, window: EventWindow, byValue: bool): i32 {
  if (tile.y == 0) {
    for (let slot = 0; slot < window.ring; slot++) store<i32>(window.held + (<usize>slot << 2), -1);
  }
  let count = 0;
  for (let ky = 0; ky < window.kernelHeight; ky++) {
    const row = tile.y * window.rowStride + window.rowOffset + ky * window.rowDilation;
    if (row < 0 || row >= window.sourceHeight) continue;
    const slot = <usize>(row % window.ring);
    const held = window.held + (slot << 2);
    if (load<i32>(held) != row) {
      if (byValue) listValues(tile, window, row, slot);
      else listRow(tile, window, row, slot);
      store<i32>(held, row);
    }
    const source = window.sources + (<usize>count << 3);
    store<u32>(source, <u32>(window.rowStarts + ((slot * <usize>tileSteps * <usize>(window.sourceWidth + 1)) << 2)));
    store<i32>(source, ky * window.rowEntries, 4);
    count++;
  }
  return count;
}

/**
 * Whether no row has an entry in a step.
 *
 * @param end of the rows that exist
 * @param step bytes from a row's first column to the step's
 */
// @ts-ignore: decorator
@inline
function isEmpty(window: EventWindow, end: usize, step: usize): bool {
  const past = step + (<usize>window.sourceWidth << 2);
  for (let source = window.sources; source < end; source += 8) {
    const starts = <usize>load<u32>(source);
    if (load<u32>(starts + step) != load<u32>(starts + past)) return false;
  }
  return true;
}

/** Merges the rows' lists, column by column. Writes up to 32 bytes more than a list is long. */
function mergeRows(tile: TileArguments, window: EventWindow, count: i32): void {
  const columns = <usize>(window.sourceWidth + 1) << 2;
  const end = window.sources + (<usize>count << 3);
  let starts = window.starts;
  let list = window.merged;
  let step: usize = 0;
  for (let t = tile.first; t < tile.last; t++, list += window.mergedBytes) {
    if (isEmpty(window, end, step)) {
      starts = startEmpty(starts, window.sourceWidth, list);
      step += columns;
      continue;
    }
    let to = list;
    for (const past = step + columns - 4; step < past; step += 4) {
      store<u32>(starts, <u32>to);
      starts += 4;
      for (let source = window.sources; source < end; source += 8) {
        const column = <usize>load<u32>(source) + step;
        const raise = i16x8.splat(<i16>load<i32>(source, 4));
        let from = <usize>load<u32>(column);
        const bytes = <usize>load<u32>(column, 4) - from;
        const next = to + bytes;
        v128.store(to, i16x8.add(v128.load(from), raise));
        v128.store(to, i16x8.add(v128.load(from, 16), raise), 16);
        for (to += 32; to < next; to += 16) {
          from += 16;
          v128.store(to, i16x8.add(v128.load(from, 16), raise));
        }
        to = next;
      }
    }
    store<u32>(starts, <u32>to);
    starts += 4;
    step += 4;
  }
}

export function addEvents(tile: TileArguments, pass: Pass): void {
  noteCall(13);
  const window = changetype<EventWindow>(pass.segments);
  mergeRows(tile, window, prepareRows(tile, window, false));
  if (pass.blocks == 1) gatherEvents1(tile, pass, window);
  else if (pass.blocks == 2) gatherEvents2(tile, pass, window);
  else gatherEvents4(tile, pass, window);
}

/** The same with sums of 32 bits. */
export function addEventsInt(tile: TileArguments, pass: Pass): void {
  noteCall(25);
  const window = changetype<EventWindow>(pass.segments);
  mergeRows(tile, window, prepareRows(tile, window, false));
  gatherEventsInt(tile, pass, window);
}

function slideValues(tile: TileArguments, pass: Pass, window: EventWindow): void {
  noteCall(31);
  if (pass.blocks == 1) slideValues1(tile, pass, window);
  else slideValues2(tile, pass, window);
}

/** All planes in one pass: spikes by value. */
export function addValues(tile: TileArguments, pass: Pass): void {
  noteCall(13);
  const window = changetype<EventWindow>(pass.segments);
  mergeRows(tile, window, prepareRows(tile, window, true));
  if (slides(window, pass.blocks)) slideValues(tile, pass, window);
  else if (pass.blocks == 1) gatherValues1(tile, pass, window);
  else if (pass.blocks == 2) gatherValues2(tile, pass, window);
  else gatherValues4(tile, pass, window);
}

/** The same with sums of 32 bits. */
export function addValuesInt(tile: TileArguments, pass: Pass): void {
  noteCall(25);
  const window = changetype<EventWindow>(pass.segments);
  mergeRows(tile, window, prepareRows(tile, window, true));
  gatherValuesInt(tile, pass, window);
}
