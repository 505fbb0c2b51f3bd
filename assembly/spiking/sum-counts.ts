/** Sums of counts, plain and weighted twice, four at a time in 64 bits: exact. */

/**
 * @param counts [length] of 32 bits, not negative; a multiple of 4
 * @param first weights [length] of 32 bits, not negative
 * @param second the same
 * @param sums to which three 64-bit integers are added: Σ counts, Σ counts · first, Σ counts · second
 */
export function sumCounts(counts: usize, first: usize, second: usize, length: i32, sums: usize): void {
  let plain = i64x2.splat(0);
  let one = i64x2.splat(0);
  let two = i64x2.splat(0);
  const bytes = <usize>length << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    const count = v128.load(counts + at);
    const a = v128.load(first + at);
    const b = v128.load(second + at);
    plain = i64x2.add(plain, i64x2.add(i64x2.extend_low_i32x4_s(count), i64x2.extend_high_i32x4_s(count)));
    one = i64x2.add(one, i64x2.add(i64x2.extmul_low_i32x4_s(count, a), i64x2.extmul_high_i32x4_s(count, a)));
    two = i64x2.add(two, i64x2.add(i64x2.extmul_low_i32x4_s(count, b), i64x2.extmul_high_i32x4_s(count, b)));
  }
  add(sums, plain);
  add(sums + 8, one);
  add(sums + 16, two);
}

// @ts-ignore: decorator
@inline
function add(sum: usize, lanes: v128): void {
  store<i64>(sum, load<i64>(sum) + i64x2.extract_lane(lanes, 0) + i64x2.extract_lane(lanes, 1));
}
