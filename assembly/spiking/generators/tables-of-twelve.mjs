/**
 * Lines that look 48 spikes up in four tables of 12 source channels.
 *
 * AssemblyScript neither unrolls loops nor takes load offsets that are not constants. Two things make these kernels fast:
 * addresses that are a shift and a mask of the spikes plus a constant, and few values alive at a time. For the
 * latter a sum under way is stored where the finished one will lie: engines keep loads and additions in order
 * around a store, and would else hoist all loads and spill.
 */

/** The tables' address (first piece of the host's memory) and distance, bytes. */
const tables = 65_536;
const tableStride = 131_392;

/** Byte offsets of the rows of 4 tables, from the 48 bits of spikes that begin at bit `from` of w. */
const offsets = (from) =>
  [0, 12, 24, 36].map((bit) => (from + bit < 5 ? `w << ${5 - from - bit}` : `w >> ${from + bit - 5}`));

const addRow = (offset, table) => `
        r = <usize>(${offset}) & 0x1ffe0;
        a0 = i16x8.add(a0, v128.load(r, ${tables + table * tableStride}));
        a1 = i16x8.add(a1, v128.load(r, ${tables + table * tableStride + 16}));`;

/** Adds the rows of 4 tables to both accumulators: 48 bits, 3 words of 16 channels. */
export const addWords = (word, from, firstTable) => `
        w = ${word};${offsets(from)
          .map((offset, k) => addRow(offset, firstTable + k))
          .join("")}`;

/** Bytes from a pixel's sums to the next pixel's: tables of 12 run one block of outputs at a time. */
export const sumPixel = 1_088;
