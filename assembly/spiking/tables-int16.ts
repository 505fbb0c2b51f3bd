/**
 * Tables of 8 source channels with 16-bit sums: the kernel of int16 layers.
 *
 * A table has 256 rows of 16 sums (32 bytes); tables lie 8,192 + 320 bytes apart so that equal rows of
 * different tables do not share a cache set.
 */
import { noteCall } from "./calls";
import { ActiveSegment, activateSegments, activeSize, BlockArguments, seekSegments, tileSteps } from "./layer-arguments";

const tableStride: usize = 8512;

/** @param weights [bytes][8 source channels][16 outputs] int16 */
export function buildTables16(weights: usize, bytes: i32, table: usize): void {
  for (let j = 0; j < bytes; j++) {
    v128.store(table, i16x8.splat(0));
    v128.store(table, i16x8.splat(0), 16);
    for (let bit: usize = 0; bit < 8; bit++) {
      const w0 = v128.load(weights);
      const w1 = v128.load(weights, 16);
      const half: usize = 32 << bit;
      for (let from = table; from < table + half; from += 32) {
        v128.store(from + half, i16x8.add(v128.load(from), w0));
        v128.store(from + half, i16x8.add(v128.load(from, 16), w1), 16);
      }
      weights += 32;
    }
    table += tableStride;
  }
}

export function runTables16(block: BlockArguments): void {
  noteCall(0);
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
        const base = block.base + (neuron << 5);
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
          for (let at = active; at < end; at += activeSize) {
            const segment = changetype<ActiveSegment>(at);
            let p = segment.at;
            let table = segment.table;
            let n = segment.bytes;
            segment.at = p + segment.sourceStep;
            while (n >= 6) {
              let r = table + (<usize>load<u8>(p) << 5);
              a0 = i16x8.add(a0, v128.load(r));
              a1 = i16x8.add(a1, v128.load(r, 16));
              r = table + (<usize>load<u8>(p, 1) << 5);
              a0 = i16x8.add(a0, v128.load(r, 8512));
              a1 = i16x8.add(a1, v128.load(r, 8528));
              r = table + (<usize>load<u8>(p, 2) << 5);
              a0 = i16x8.add(a0, v128.load(r, 17024));
              a1 = i16x8.add(a1, v128.load(r, 17040));
              r = table + (<usize>load<u8>(p, 3) << 5);
              a0 = i16x8.add(a0, v128.load(r, 25536));
              a1 = i16x8.add(a1, v128.load(r, 25552));
              r = table + (<usize>load<u8>(p, 4) << 5);
              a0 = i16x8.add(a0, v128.load(r, 34048));
              a1 = i16x8.add(a1, v128.load(r, 34064));
              r = table + (<usize>load<u8>(p, 5) << 5);
              a0 = i16x8.add(a0, v128.load(r, 42560));
              a1 = i16x8.add(a1, v128.load(r, 42576));
              p += 6;
              table += 6 * tableStride;
              n -= 6;
            }
            while (n > 0) {
              let r = table + (<usize>load<u8>(p) << 5);
              a0 = i16x8.add(a0, v128.load(r));
              a1 = i16x8.add(a1, v128.load(r, 16));
              r = table + (<usize>load<u8>(p, 1) << 5);
              a0 = i16x8.add(a0, v128.load(r, 8512));
              a1 = i16x8.add(a1, v128.load(r, 8528));
              p += 2;
              table += 2 * tableStride;
              n -= 2;
            }
          }
          v0 = i32x4.add(v0, i32x4.extend_low_i16x8_s(a0));
          v1 = i32x4.add(v1, i32x4.extend_high_i16x8_s(a0));
          v2 = i32x4.add(v2, i32x4.extend_low_i16x8_s(a1));
          v3 = i32x4.add(v3, i32x4.extend_high_i16x8_s(a1));
          const m0 = i32x4.ge_s(v0, th0);
          const m1 = i32x4.ge_s(v1, th1);
          const m2 = i32x4.ge_s(v2, th2);
          const m3 = i32x4.ge_s(v3, th3);
          if (zero) {
            v0 = v128.andnot(v0, m0);
            v1 = v128.andnot(v1, m1);
            v2 = v128.andnot(v2, m2);
            v3 = v128.andnot(v3, m3);
          } else {
            v0 = i32x4.sub(v0, v128.and(m0, th0));
            v1 = i32x4.sub(v1, v128.and(m1, th1));
            v2 = i32x4.sub(v2, v128.and(m2, th2));
            v3 = i32x4.sub(v3, v128.and(m3, th3));
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
