/** What kernels are measured against (bench/kernel-limits.ts): loads of 16 bytes from the first cache, each added to one of four sums. */

/** 8 loads and additions a round, from 8 KB at `table`; gives a sum, so that none is left out. */
export function addFromCache(table: usize, rounds: i32): i32 {
  let a0 = i16x8.splat(0);
  let a1 = i16x8.splat(0);
  let a2 = i16x8.splat(0);
  let a3 = i16x8.splat(0);
  for (let i = 0; i < rounds; i++) {
    const from = table + (<usize>(i & 63) << 7);
    a0 = i16x8.add(a0, v128.load(from));
    a1 = i16x8.add(a1, v128.load(from, 16));
    a2 = i16x8.add(a2, v128.load(from, 32));
    a3 = i16x8.add(a3, v128.load(from, 48));
    a0 = i16x8.add(a0, v128.load(from, 64));
    a1 = i16x8.add(a1, v128.load(from, 80));
    a2 = i16x8.add(a2, v128.load(from, 96));
    a3 = i16x8.add(a3, v128.load(from, 112));
  }
  return i16x8.extract_lane_s(i16x8.add(i16x8.add(a0, a1), i16x8.add(a2, a3)), 0);
}
