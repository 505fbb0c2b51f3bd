/** Tables of 12 source channels with 16-bit sums, for the rows kernels. */

/** 4,096 rows of 32 bytes, and 320 so that equal rows of two tables do not share a cache set. */
const tableStride: usize = 131392;

/** @param weights [tables][12 source channels][16 outputs] int16 */
export function buildTables12(weights: usize, tables: i32, table: usize): void {
  for (let j = 0; j < tables; j++) {
    v128.store(table, i16x8.splat(0));
    v128.store(table, i16x8.splat(0), 16);
    for (let bit: usize = 0; bit < 12; bit++) {
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
