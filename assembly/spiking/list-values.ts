/**
 * The lists of event-window.ts for spikes of several bits: an entry is the offset of a neuron that sent a spike, and above its 12 bits
 * the spike's value, −8…7. So all planes are walked at once, and a spike is one event whatever its bits.
 *
 * Knows: planes of bits, and bytes. May not know: weights (gather-values.ts).
 */
import { noteCall } from "./calls";
import { EventWindow } from "./event-arguments";
import { TileArguments, tileSteps } from "./tile-arguments";

/** Writes the entries of those of eight numbers that are not 0, up to 16 bytes more than they are long; returns their end. */
// @ts-ignore: decorator
@inline
function listEntries(to: usize, values: v128, offset: v128, positions: usize): usize {
  const entries = i16x8.add(i16x8.shl(values, 12), offset);
  const mask = i16x8.bitmask(i16x8.ne(values, i16x8.splat(0)));
  const lanes = v128.load(positions + (<usize>mask << 4));
  const bytes = i16x8.add(i16x8.mul(lanes, i16x8.splat(0x0202)), i16x8.splat(0x0100));
  v128.store(to, i8x16.swizzle(entries, bytes));
  return to + (<usize>popcnt<u32>(mask) << 1);
}

/** Lists what 16 neurons sent: a word of each plane. @param offset entries of the first eight; returns the list's end */
// @ts-ignore: decorator
@inline
function listWord(to: usize, word: usize, window: EventWindow, offset: v128): usize {
  const low = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
  const high = i16x8(256, 512, 1024, 2048, 4096, 8192, 16384, -32768);
  const positions = window.positions;
  const planeBytes = window.planeBytes;
  const past = window.coefficients + (<usize>window.planes << 1);
  let v0 = i16x8.splat(0);
  let v1 = i16x8.splat(0);
  for (let c = window.coefficients; c < past; c += 2, word += planeBytes) {
    const bits = v128.load16_splat(word);
    const coefficient = v128.load16_splat(c);
    v0 = i16x8.add(v0, v128.and(i16x8.eq(v128.and(bits, low), low), coefficient));
    v1 = i16x8.add(v1, v128.and(i16x8.eq(v128.and(bits, high), high), coefficient));
  }
  to = listEntries(to, v0, offset, positions);
  return listEntries(to, v1, i16x8.add(offset, i16x8.splat(8)), positions);
}

/** All bits of a word, whatever its plane. */
// @ts-ignore: decorator
@inline
function bitsOf(word: usize, planes: i32, planeBytes: usize): u32 {
  let any: u32 = 0;
  for (let p = 0; p < planes; p++, word += planeBytes) any |= <u32>load<u16>(word);
  return any;
}

/** Whether a row of a step has no spike in any plane. */
function isSilent(at: usize, bytes: usize, planes: i32, planeBytes: usize): bool {
  const end = at + bytes;
  let any = i16x8.splat(0);
  for (; at + 16 <= end; at += 16) {
    let words = at;
    for (let p = 0; p < planes; p++, words += planeBytes) any = v128.or(any, v128.load(words));
  }
  let rest: u32 = 0;
  for (; at < end; at += 2) rest |= bitsOf(at, planes, planeBytes);
  return rest == 0 && !v128.any_true(any);
}

/** A step's list without entries: each column, and its end, begins at `to`; returns where the next step's are. */
// @ts-ignore: decorator
@inline
export function startEmpty(starts: usize, columns: i32, to: usize): usize {
  for (let x = 0; x <= columns; x++, starts += 4) store<u32>(starts, <u32>to);
  return starts;
}

/** The spikes of a row that lie as bytes. @param to where the list begins; returns where the next step's columns begin */
function listBytes(window: EventWindow, spikes: usize, list: usize, columns: usize): usize {
  const positions = window.positions;
  const sixteen = i16x8.splat(16);
  const bytes = <usize>window.pixelBytes;
  let to = list;
  let offset = i16x8(0, 1, 2, 3, 4, 5, 6, 7);
  let at = spikes;
  for (let x = window.sourceWidth; x > 0; x--, columns += 4) {
    store<u32>(columns, <u32>to);
    for (const end = at + bytes; at < end; at += 16, offset = i16x8.add(offset, sixteen)) {
      const values = v128.load(at);
      if (!v128.any_true(values)) continue;
      to = listEntries(to, i16x8.extend_low_i8x16_s(values), offset, positions);
      to = listEntries(to, i16x8.extend_high_i8x16_s(values), i16x8.add(offset, i16x8.splat(8)), positions);
    }
  }
  store<u32>(columns, <u32>to);
  return columns + 4;
}

/** Whether a row of bytes, whose length is a multiple of 16, has no spike. */
function areSilent(at: usize, bytes: usize): bool {
  let any = i8x16.splat(0);
  for (const end = at + bytes; at < end; at += 16) any = v128.or(any, v128.load(at));
  return !v128.any_true(any);
}

/** Lists a source row's spikes of the tile's steps; steps without spikes, the most of a long run that refines, at once. */
export function listValues(tile: TileArguments, window: EventWindow, row: i32, slot: usize): void {
  if (window.planes == 0) listRowOfBytes(tile, window, row, slot);
  else listRowOfPlanes(tile, window, row, slot);
}

function listRowOfBytes(tile: TileArguments, window: EventWindow, row: i32, slot: usize): void {
  noteCall(33);
  const rowBytes = <usize>window.sourceWidth * <usize>window.pixelBytes;
  let spikes = window.source + <usize>row * window.sourceRow + <usize>tile.first * window.sourceStep;
  let list = window.rows + slot * <usize>tileSteps * window.stepBytes;
  let columns = window.rowStarts + ((slot * <usize>tileSteps * <usize>(window.sourceWidth + 1)) << 2);
  for (let t = tile.first; t < tile.last; t++, list += window.stepBytes, spikes += window.sourceStep) {
    if (areSilent(spikes, rowBytes)) columns = startEmpty(columns, window.sourceWidth, list);
    else columns = listBytes(window, spikes, list, columns);
  }
}

function listRowOfPlanes(tile: TileArguments, window: EventWindow, row: i32, slot: usize): void {
  const sixteen = i16x8.splat(16);
  const bytes = <usize>window.pixelBytes;
  const planes = window.planes;
  const planeBytes = window.planeBytes;
  let spikes = window.source + <usize>row * window.sourceRow + <usize>tile.first * window.sourceStep;
  let list = window.rows + slot * <usize>tileSteps * window.stepBytes;
  let starts = window.rowStarts + ((slot * <usize>tileSteps * <usize>(window.sourceWidth + 1)) << 2);
  const rowBytes = <usize>window.sourceWidth * bytes;
  for (let t = tile.first; t < tile.last; t++, list += window.stepBytes, spikes += window.sourceStep) {
    if (isSilent(spikes, rowBytes, planes, planeBytes)) {
      starts = startEmpty(starts, window.sourceWidth, list);
      continue;
    }
    let to = list;
    let offset = i16x8(0, 1, 2, 3, 4, 5, 6, 7);
    let at = spikes;
    for (let x = 0; x < window.sourceWidth; x++) {
      store<u32>(starts, <u32>to);
      starts += 4;
      for (const end = at + bytes; at < end; at += 2, offset = i16x8.add(offset, sixteen)) {
        if (bitsOf(at, planes, planeBytes) != 0) to = listWord(to, at, window, offset);
      }
    }
    store<u32>(starts, <u32>to);
    starts += 4;
  }
}
