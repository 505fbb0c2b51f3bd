/**
 * Tables of 8 source channels with 32-bit sums: int32 layers, float32 layers, and int16 layers whose sums need more
 * than 16 bits.
 *
 * Float sums are taken in one fixed order: the base, then table after table; a table's row adds its weights
 * from the highest channel down. It depends on neither batch nor thread.
 */
import { noteCall } from "./calls";
import { ActiveSegment, activateSegments, activeSize, BlockArguments, seekSegments, tileSteps } from "./layer-arguments";

const tableStride: usize = 16704;

// @ts-ignore: decorator
@inline
function add<T>(a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.add(a, b) : i32x4.add(a, b);
}
// @ts-ignore: decorator
@inline
function sub<T>(a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.sub(a, b) : i32x4.sub(a, b);
}
// @ts-ignore: decorator
@inline
function reaches<T>(a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.ge(a, b) : i32x4.ge_s(a, b);
}

function buildTables<T>(weights: usize, bytes: i32, table: usize): void {
  for (let j = 0; j < bytes; j++) {
    memory.fill(table, 0, 64);
    for (let b: usize = 1; b < 256; b++) {
      const from = table + ((b & (b - 1)) << 6);
      const w = weights + (ctz(b) << 6);
      const to = table + (b << 6);
      v128.store(to, add<T>(v128.load(from), v128.load(w)));
      v128.store(to, add<T>(v128.load(from, 16), v128.load(w, 16)), 16);
      v128.store(to, add<T>(v128.load(from, 32), v128.load(w, 32)), 32);
      v128.store(to, add<T>(v128.load(from, 48), v128.load(w, 48)), 48);
    }
    table += tableStride;
    weights += 512;
  }
}

function runTables<T>(block: BlockArguments): void {
  const width = block.width;
  const outStep = block.outStep;
  const zero = block.resetToZero != 0;
  const active = block.active;
  const threshold = block.threshold;
  const th0 = v128.load(threshold);
  const th1 = v128.load(threshold, 16);
  const th2 = v128.load(threshold, 32);
  const th3 = v128.load(threshold, 48);
  for (let y = 0; y < block.height; y++) {
    const count = activateSegments(block, y);
    const end = active + <usize>count * activeSize;
    for (let first = block.firstStep; first < block.endStep; first += tileSteps) {
      const last = min(first + tileSteps, block.endStep);
      for (let x = 0; x < width; x++) {
        const neuron = <usize>(y * width + x);
        const potential = block.potential + (neuron << 6);
        const counts = block.count + (neuron << 6);
        const base = block.base + (neuron << 6);
        let v0 = v128.load(potential);
        let v1 = v128.load(potential, 16);
        let v2 = v128.load(potential, 32);
        let v3 = v128.load(potential, 48);
        let c0 = i16x8.splat(0);
        let c1 = i16x8.splat(0);
        let out = block.out + <usize>y * block.outRow + <usize>x * block.outPixel + <usize>first * outStep;
        seekSegments(active, count, x, first);
        for (let t = first; t < last; t++) {
          let a0 = v128.load(base);
          let a1 = v128.load(base, 16);
          let a2 = v128.load(base, 32);
          let a3 = v128.load(base, 48);
          for (let at = active; at < end; at += activeSize) {
            const segment = changetype<ActiveSegment>(at);
            let p = segment.at;
            let table = segment.table;
            let n = segment.bytes;
            segment.at = p + segment.sourceStep;
            while (n > 0) {
              let r = table + (<usize>load<u8>(p) << 6);
              a0 = add<T>(a0, v128.load(r));
              a1 = add<T>(a1, v128.load(r, 16));
              a2 = add<T>(a2, v128.load(r, 32));
              a3 = add<T>(a3, v128.load(r, 48));
              r = table + (<usize>load<u8>(p, 1) << 6);
              a0 = add<T>(a0, v128.load(r, 16704));
              a1 = add<T>(a1, v128.load(r, 16720));
              a2 = add<T>(a2, v128.load(r, 16736));
              a3 = add<T>(a3, v128.load(r, 16752));
              p += 2;
              table += 2 * tableStride;
              n -= 2;
            }
          }
          v0 = add<T>(v0, a0);
          v1 = add<T>(v1, a1);
          v2 = add<T>(v2, a2);
          v3 = add<T>(v3, a3);
          const m0 = reaches<T>(v0, th0);
          const m1 = reaches<T>(v1, th1);
          const m2 = reaches<T>(v2, th2);
          const m3 = reaches<T>(v3, th3);
          if (zero) {
            v0 = v128.andnot(v0, m0);
            v1 = v128.andnot(v1, m1);
            v2 = v128.andnot(v2, m2);
            v3 = v128.andnot(v3, m3);
          } else {
            v0 = sub<T>(v0, v128.and(m0, th0));
            v1 = sub<T>(v1, v128.and(m1, th1));
            v2 = sub<T>(v2, v128.and(m2, th2));
            v3 = sub<T>(v3, v128.and(m3, th3));
          }
          const m01 = i16x8.narrow_i32x4_s(m0, m1);
          const m23 = i16x8.narrow_i32x4_s(m2, m3);
          c0 = i16x8.sub(c0, m01);
          c1 = i16x8.sub(c1, m23);
          store<u16>(out, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(m01, m23)));
          out += outStep;
        }
        v128.store(potential, v0);
        v128.store(potential, v1, 16);
        v128.store(potential, v2, 32);
        v128.store(potential, v3, 48);
        v128.store(counts, i32x4.add(v128.load(counts), i32x4.extend_low_i16x8_s(c0)));
        v128.store(counts, i32x4.add(v128.load(counts, 16), i32x4.extend_high_i16x8_s(c0)), 16);
        v128.store(counts, i32x4.add(v128.load(counts, 32), i32x4.extend_low_i16x8_s(c1)), 32);
        v128.store(counts, i32x4.add(v128.load(counts, 48), i32x4.extend_high_i16x8_s(c1)), 48);
      }
    }
  }
}

/** @param weights [bytes][8 source channels][16 outputs] int32 */
export function buildTablesInt(weights: usize, bytes: i32, table: usize): void {
  buildTables<i32>(weights, bytes, table);
}
/** @param weights [bytes][8 source channels][16 outputs] float32 */
export function buildTablesFloat(weights: usize, bytes: i32, table: usize): void {
  buildTables<f32>(weights, bytes, table);
}
export function runTablesInt(block: BlockArguments): void {
  noteCall(1);
  runTables<i32>(block);
}
export function runTablesFloat(block: BlockArguments): void {
  noteCall(2);
  runTables<f32>(block);
}
