/**
 * Writes rows-int16.ts: one kernel for 3×3 windows over 16, 32 and 64 source channels each, unrolled.
 *
 *   node assembly/spiking/generate-rows.mjs
 *
 * AssemblyScript neither unrolls loops nor takes load offsets that are not constants, and constants are what makes these kernels fast:
 * the address of a table's row is a shift and a mask of the spikes plus a constant.
 */
import { writeFileSync } from "node:fs";

/** The tables' address (first piece of the host's memory) and distance, bytes. */
const tables = 65_536;
const tableStride = 131_392;
const smallTableStride = 8_512;

/** Byte offsets of the rows of 4 tables, from 48 bits of spikes in w. */
const offsets = ["<usize>(w << 5)", "<usize>(w >> 7)", "<usize>(w >> 19)", "<usize>(w >> 31)"];

/** Adds the rows of 4 tables to both accumulators: 48 bits, 3 words of 16 channels. */
const addWords = (pointer, words, firstTable) => `
          w = load<u64>(${pointer}, ${words * 6});${offsets.map((offset, k) => addRow(offset, firstTable + k)).join("")}`;

const addRow = (offset, table) => `
          r = ${offset} & 0x1ffe0;
          a0 = i16x8.add(a0, v128.load(r, ${tables + table * tableStride}));
          a1 = i16x8.add(a1, v128.load(r, ${tables + table * tableStride + 16}));`;

/** A row of the window: 3 columns of `channels` bits. */
function addWindowRow(ky, channels) {
  const loads = channels / 16;
  return Array.from({ length: loads }, (_, j) => addWords(`p${ky}`, j, (ky * loads + j) * 4)).join("");
}

/** Whether the rows of the window are taken one after the other for all pixels of a tile: the tables of one row fit the first cache. */
const isSplit = (channels) => channels > 16;
/** Sums under way of a pixel: 32 steps of 16 outputs. */
const partialBytes = 1024;

const seekRow = (pointer, row) =>
  `        let ${pointer} = ${row} == 0 ? block.zeros + toPixel : ${row} + toStep;`;

/** All pixels and steps of a tile: adds row ky of the window to the sums under way. */
const addPass = (ky, row, channels) => `
      for (let x = 0; x < width; x++) {
        const base = block.base + (<usize>(y * width + x) << 5);
        const toPixel = <usize>x * block.rows.sourcePixel;
        const toStep = toPixel + <usize>first * sourceStep;
${seekRow(`p${ky}`, row)}
        let sum = block.partial + <usize>x * ${partialBytes};
        const past = sum + (<usize>(last - first) << 5);
        for (; sum < past; sum += 32) {
          let r: usize;
          let w: u64;
          let a0 = v128.load(${ky === 0 ? "base" : "sum"});
          let a1 = v128.load(${ky === 0 ? "base" : "sum"}, 16);${addWindowRow(ky, channels)}
          p${ky} += sourceStep;
          v128.store(sum, a0);
          v128.store(sum, a1, 16);
        }
      }`;

const kernel = (channels) => `
export function runRows${channels}(block: BlockArguments): void {
  noteCall(5);
  const width = block.width;
  const outStep = block.outStep;
  const zero = block.resetToZero != 0;
  const active = block.active;
  const sourceStep = block.rows.sourceStep;
  const one = i32x4.splat(1);
  const th0 = i32x4.sub(v128.load(block.threshold), one);
  const th1 = i32x4.sub(v128.load(block.threshold, 16), one);
  const th2 = i32x4.sub(v128.load(block.threshold, 32), one);
  const th3 = i32x4.sub(v128.load(block.threshold, 48), one);
  for (let y = 0; y < block.height; y++) {
    const count = activateSegments(block.segments, block.segmentCount, active, y);
    const end = active + <usize>count * activeSize;
    const top = findRow(block, y, 0);
    const middle = findRow(block, y, 1);
    const bottom = findRow(block, y, 2);
    for (let first = block.firstStep; first < block.endStep; first += tileSteps) {
      const last = min(first + tileSteps, block.endStep);${isSplit(channels) ? addPass(0, "top", channels) + addPass(1, "middle", channels) : ""}
      for (let x = 0; x < width; x++) {
        const neuron = <usize>(y * width + x);
        const potential = block.potential + (neuron << 6);
        const counts = block.count + (neuron << 6);
${isSplit(channels) ? "" : `        const base = block.base + (neuron << 5);
`}        let v0 = v128.load(potential);
        let v1 = v128.load(potential, 16);
        let v2 = v128.load(potential, 32);
        let v3 = v128.load(potential, 48);
        let c0 = i16x8.splat(0);
        let c1 = i16x8.splat(0);
        let out = block.out + <usize>y * block.outRow + <usize>x * block.outPixel + <usize>first * outStep;
        const past = out + <usize>(last - first) * outStep;
        const toPixel = <usize>x * block.rows.sourcePixel;
        const toStep = toPixel + <usize>first * sourceStep;
${isSplit(channels) ? "" : `${seekRow("p0", "top")}
${seekRow("p1", "middle")}
`}${seekRow("p2", "bottom")}
        seekSegments(active, count, x, first);
${
  isSplit(channels)
    ? `        let sum = block.partial + <usize>x * ${partialBytes};
        for (; out < past; out += outStep, sum += 32) {
          let r: usize;
          let w: u64;
          let a0 = v128.load(sum);
          let a1 = v128.load(sum, 16);${addWindowRow(2, channels)}
          p2 += sourceStep;`
    : `        for (; out < past; out += outStep) {
          let r: usize;
          let w: u64;
          let a0 = v128.load(base);
          let a1 = v128.load(base, 16);${[0, 1, 2].map((ky) => addWindowRow(ky, channels)).join("")}
          p0 += sourceStep;
          p1 += sourceStep;
          p2 += sourceStep;`
}
          for (let at = active; at < end; at += activeSize) {
            const segment = changetype<ActiveSegment>(at);
            let p = segment.at;
            let table = segment.table;
            segment.at = p + segment.sourceStep;
            for (let n = segment.bytes; n > 0; n -= 2) {
              r = table + (<usize>load<u8>(p) << 5);
              a0 = i16x8.add(a0, v128.load(r));
              a1 = i16x8.add(a1, v128.load(r, 16));
              r = table + (<usize>load<u8>(p, 1) << 5);
              a0 = i16x8.add(a0, v128.load(r, ${smallTableStride}));
              a1 = i16x8.add(a1, v128.load(r, ${smallTableStride + 16}));
              p += 2;
              table += ${2 * smallTableStride};
            }
          }
          v0 = i32x4.add(v0, i32x4.extend_low_i16x8_s(a0));
          v1 = i32x4.add(v1, i32x4.extend_high_i16x8_s(a0));
          v2 = i32x4.add(v2, i32x4.extend_low_i16x8_s(a1));
          v3 = i32x4.add(v3, i32x4.extend_high_i16x8_s(a1));
          // V ≥ θ as V > θ − 1: one instruction instead of two.
          const m0 = i32x4.gt_s(v0, th0);
          const m1 = i32x4.gt_s(v1, th1);
          const m2 = i32x4.gt_s(v2, th2);
          const m3 = i32x4.gt_s(v3, th3);
          if (zero) {
            v0 = v128.andnot(v0, m0);
            v1 = v128.andnot(v1, m1);
            v2 = v128.andnot(v2, m2);
            v3 = v128.andnot(v3, m3);
          } else {
            // V − θ where a spike is: the mask is −1 there, so V − (θ − 1 & mask) + mask.
            v0 = i32x4.add(i32x4.sub(v0, v128.and(m0, th0)), m0);
            v1 = i32x4.add(i32x4.sub(v1, v128.and(m1, th1)), m1);
            v2 = i32x4.add(i32x4.sub(v2, v128.and(m2, th2)), m2);
            v3 = i32x4.add(i32x4.sub(v3, v128.and(m3, th3)), m3);
          }
          const m01 = i16x8.narrow_i32x4_s(m0, m1);
          const m23 = i16x8.narrow_i32x4_s(m2, m3);
          c0 = i16x8.sub(c0, m01);
          c1 = i16x8.sub(c1, m23);
          store<u16>(out, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(m01, m23)));
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
`;

const head = `/**
 * Generated by generate-rows.mjs; edit that.
 *
 * Tables of 12 source channels with 16-bit sums, for windows 3×3 over all channels of a source: a row of a window is 48, 96 or 192 bits
 * side by side. Every table's address is a constant, and there is no list of runs but for what else feeds the layer (shortcuts).
 */
import { noteCall } from "./calls";
import { BlockArguments } from "./layer-arguments";
import { ActiveSegment, activateSegments, activeSize, seekSegments } from "./segments";
import { tileSteps } from "./tile-arguments";

/** Written, never read. */
const scratch = memory.data(16, 16);

/** Source row \`ky\` of target row y at the first step and column, or 0 where there is none. */
function findRow(block: BlockArguments, y: i32, ky: i32): usize {
  const rows = block.rows;
  const row = y * rows.rowStride + rows.rowOffset + ky;
  if (row < 0 || row >= rows.sourceHeight) return 0;
  return rows.source + <usize>row * rows.sourceRow;
}
`;

writeFileSync(new URL("rows-int16.ts", import.meta.url), head + [16, 32, 64].map(kernel).join(""));
