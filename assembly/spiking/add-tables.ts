/**
 * Current kernel: tables of 8 source channels, for any window. A table has 256 rows of 16 sums; tables lie so far
 * apart that equal rows of two tables do not share a cache set. Where a tile's spikes are rare, words of 16 channels without
 * any are skipped.
 *
 * Float sums are taken in one fixed order: what is there, then table after table; a table's row adds its weights
 * from the highest channel down. It depends on neither batch nor thread.
 */
import { noteCall } from "./calls";
import { addLanes, addScaled } from "./lanes";
import { ActiveSegment, activateSegments, activeSize, seekSegments } from "./segments";
import { baseOf, coefficientOf, Pass, sumPixel, sumsOf, TileArguments } from "./tile-arguments";

/** 256 rows, and 320 bytes. */
// @ts-ignore: decorator
@inline
function tableStride<T>(): usize {
  return 256 * 16 * sizeof<T>() + 320;
}

/** @param weights [bytes][8 source channels][16 outputs] */
function buildTables<T>(weights: usize, bytes: i32, table: usize): void {
  const rowBytes: usize = 16 * sizeof<T>();
  for (let j = 0; j < bytes; j++) {
    memory.fill(table, 0, rowBytes);
    for (let b: usize = 1; b < 256; b++) {
      const from = table + (b & (b - 1)) * rowBytes;
      const w = weights + ctz(b) * rowBytes;
      const to = table + b * rowBytes;
      for (let at: usize = 0; at < rowBytes; at += 16) {
        v128.store(to + at, addLanes<T>(v128.load(from + at), v128.load(w + at)));
      }
    }
    table += tableStride<T>();
    weights += 8 * rowBytes;
  }
}

/** Sums of one pixel and step over all active segments. */
// @ts-ignore: decorator
@inline
function addPixels16(tile: TileArguments, pass: Pass, count: i32): void {
  const end = tile.active + <usize>count * activeSize;
  const plain = pass.shift == 0 && pass.negative == 0;
  const starts = pass.starts != 0;
  const base = baseOf<i16>(tile, pass.block);
  const sums = sumsOf<i16>(tile, pass.block);
  const steps = <usize>(tile.last - tile.first);
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    const to = sums + x * sumPixel<i16>(tile);
    let from = starts ? base + (x << 5) : to;
    const fromStep: usize = starts ? 0 : 32;
    seekSegments(tile.active, count, x, tile.first);
    const past = to + (steps << 5);
    for (let sum = to; sum < past; sum += 32, from += fromStep) {
      const b0 = v128.load(from);
      const b1 = v128.load(from, 16);
      let a0 = plain ? b0 : i16x8.splat(0);
      let a1 = plain ? b1 : i16x8.splat(0);
      for (let at = tile.active; at < end; at += activeSize) {
        const segment = changetype<ActiveSegment>(at);
        let p = segment.at;
        let table = segment.table;
        segment.at = p + segment.sourceStep;
        for (let n = segment.bytes; n > 0; n -= 2) {
          let r = table + (<usize>load<u8>(p) << 5);
          a0 = i16x8.add(a0, v128.load(r));
          a1 = i16x8.add(a1, v128.load(r, 16));
          r = table + (<usize>load<u8>(p, 1) << 5);
          a0 = i16x8.add(a0, v128.load(r, 8512));
          a1 = i16x8.add(a1, v128.load(r, 8528));
          p += 2;
          table += 2 * tableStride<i16>();
        }
      }
      if (!plain) {
        a0 = addScaled<i16>(b0, a0, pass.shift, pass.negative != 0);
        a1 = addScaled<i16>(b1, a1, pass.shift, pass.negative != 0);
      }
      v128.store(sum, a0);
      v128.store(sum, a1, 16);
    }
  }
}

/** Of so many words with spikes among 64 the loop that tests them is taken: a branch that is not foreseen costs as much as seven words. */
const mostWords: i32 = 4;

/** Whether so few words of the tile's active segments hold spikes that it pays to test each; looks at one step in sixteen. */
function isSparse(tile: TileArguments, count: i32): bool {
  let words = 0;
  let used = 0;
  for (let s = 0; s < count; s++) {
    const segment = changetype<ActiveSegment>(tile.active + <usize>s * activeSize);
    for (let t = tile.first; t < tile.last; t += 16) {
      let pixel = segment.source + <usize>t * segment.sourceStep;
      for (let x = 0; x < tile.width; x++, pixel += segment.sourcePixel) {
        for (let at = 0; at < segment.bytes; at += 2) used += i32(load<u16>(pixel + <usize>at) != 0);
        words += segment.bytes >> 1;
      }
    }
  }
  return used * 64 < words * mostWords;
}

/** As addPixels16; tables of words without spikes are left out. */
function addSparsePixels16(tile: TileArguments, pass: Pass, count: i32): void {
  noteCall(26);
  const end = tile.active + <usize>count * activeSize;
  const starts = pass.starts != 0;
  const fromStep: usize = starts ? 0 : 32;
  const coefficient = coefficientOf(pass);
  const steps = <usize>(tile.last - tile.first);
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    const to = sumsOf<i16>(tile, pass.block) + x * sumPixel<i16>(tile);
    let from = starts ? baseOf<i16>(tile, pass.block) + (x << 5) : to;
    seekSegments(tile.active, count, x, tile.first);
    const past = to + (steps << 5);
    for (let sum = to; sum < past; sum += 32, from += fromStep) {
      let a0 = i16x8.splat(0);
      let a1 = i16x8.splat(0);
      for (let at = tile.active; at < end; at += activeSize) {
        const segment = changetype<ActiveSegment>(at);
        const p = segment.at;
        segment.at = p + segment.sourceStep;
        let table = segment.table;
        for (let n: usize = 0; n < <usize>segment.bytes; n += 2, table += 2 * tableStride<i16>()) {
          const word = <usize>load<u16>(p + n);
          if (word == 0) continue;
          const low = table + ((word & 0xff) << 5);
          const high = table + ((word >> 8) << 5);
          a0 = i16x8.add(a0, i16x8.add(v128.load(low), v128.load(high, 8512)));
          a1 = i16x8.add(a1, i16x8.add(v128.load(low, 16), v128.load(high, 8528)));
        }
      }
      v128.store(sum, i16x8.add(v128.load(from), i16x8.mul(a0, coefficient)));
      v128.store(sum, i16x8.add(v128.load(from, 16), i16x8.mul(a1, coefficient)), 16);
    }
  }
}

/** What most shortcuts are: a single word of 16 channels. */
// @ts-ignore: decorator
@inline
function addWord16(tile: TileArguments, pass: Pass): void {
  const word = changetype<ActiveSegment>(tile.active);
  const coefficient = coefficientOf(pass);
  const starts = pass.starts != 0;
  const fromStep: usize = starts ? 0 : 32;
  const table = word.table;
  const bytes = <usize>(tile.last - tile.first) << 5;
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    let sum = sumsOf<i16>(tile, pass.block) + x * sumPixel<i16>(tile);
    let from = starts ? baseOf<i16>(tile, pass.block) + (x << 5) : sum;
    let p = word.source + x * word.sourcePixel + <usize>tile.first * word.sourceStep;
    for (const past = sum + bytes; sum < past; sum += 32, from += fromStep) {
      const bits = <usize>load<u16>(p);
      p += word.sourceStep;
      const low = table + ((bits << 5) & 0x1fe0);
      const high = table + ((bits >> 3) & 0x1fe0);
      const a0 = i16x8.add(v128.load(low), v128.load(high, 8512));
      const a1 = i16x8.add(v128.load(low, 16), v128.load(high, 8528));
      v128.store(sum, i16x8.add(v128.load(from), i16x8.mul(a0, coefficient)));
      v128.store(sum, i16x8.add(v128.load(from, 16), i16x8.mul(a1, coefficient)), 16);
    }
  }
}

/** The same with 32-bit sums. */
// @ts-ignore: decorator
@inline
function addPixels32<T>(tile: TileArguments, pass: Pass, count: i32): void {
  const end = tile.active + <usize>count * activeSize;
  const plain = pass.shift == 0 && pass.negative == 0;
  const starts = pass.starts != 0;
  const base = baseOf<T>(tile, pass.block);
  const sums = sumsOf<T>(tile, pass.block);
  const steps = <usize>(tile.last - tile.first);
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    const to = sums + x * sumPixel<T>(tile);
    let from = starts ? base + (x << 6) : to;
    const fromStep: usize = starts ? 0 : 64;
    seekSegments(tile.active, count, x, tile.first);
    const past = to + (steps << 6);
    for (let sum = to; sum < past; sum += 64, from += fromStep) {
      let a0 = plain ? v128.load(from) : i32x4.splat(0);
      let a1 = plain ? v128.load(from, 16) : i32x4.splat(0);
      let a2 = plain ? v128.load(from, 32) : i32x4.splat(0);
      let a3 = plain ? v128.load(from, 48) : i32x4.splat(0);
      for (let at = tile.active; at < end; at += activeSize) {
        const segment = changetype<ActiveSegment>(at);
        let p = segment.at;
        let table = segment.table;
        segment.at = p + segment.sourceStep;
        for (let n = segment.bytes; n > 0; n--) {
          const r = table + (<usize>load<u8>(p) << 6);
          a0 = addLanes<T>(a0, v128.load(r));
          a1 = addLanes<T>(a1, v128.load(r, 16));
          a2 = addLanes<T>(a2, v128.load(r, 32));
          a3 = addLanes<T>(a3, v128.load(r, 48));
          p++;
          table += tableStride<T>();
        }
      }
      if (!plain) {
        const negative = pass.negative != 0;
        a0 = addScaled<T>(v128.load(from), a0, pass.shift, negative);
        a1 = addScaled<T>(v128.load(from, 16), a1, pass.shift, negative);
        a2 = addScaled<T>(v128.load(from, 32), a2, pass.shift, negative);
        a3 = addScaled<T>(v128.load(from, 48), a3, pass.shift, negative);
      }
      v128.store(sum, a0);
      v128.store(sum, a1, 16);
      v128.store(sum, a2, 32);
      v128.store(sum, a3, 48);
    }
  }
}

export function addTables16(tile: TileArguments, pass: Pass): void {
  noteCall(0);
  const count = activateSegments(pass.segments, pass.segmentCount, tile.active, tile.y);
  if (count == 1 && changetype<ActiveSegment>(tile.active).bytes == 2) addWord16(tile, pass);
  else if (isSparse(tile, count)) addSparsePixels16(tile, pass, count);
  else addPixels16(tile, pass, count);
}
export function addTablesInt(tile: TileArguments, pass: Pass): void {
  noteCall(1);
  addPixels32<i32>(tile, pass, activateSegments(pass.segments, pass.segmentCount, tile.active, tile.y));
}
export function addTablesFloat(tile: TileArguments, pass: Pass): void {
  noteCall(2);
  addPixels32<f32>(tile, pass, activateSegments(pass.segments, pass.segmentCount, tile.active, tile.y));
}

/** @param weights [bytes][8 source channels][16 outputs] int16 */
export function buildTables16(weights: usize, bytes: i32, table: usize): void {
  buildTables<i16>(weights, bytes, table);
}
/** The same in int32. */
export function buildTablesInt(weights: usize, bytes: i32, table: usize): void {
  buildTables<i32>(weights, bytes, table);
}
/** The same in float32. */
export function buildTablesFloat(weights: usize, bytes: i32, table: usize): void {
  buildTables<f32>(weights, bytes, table);
}
