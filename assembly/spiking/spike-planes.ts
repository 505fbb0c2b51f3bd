/**
 * Spikes lo…hi as planes of bits (src/simulator/wasm/spike-layout.ts has the other half): the bits of what is positive,
 * then those of the magnitude of what is negative; or, where that takes fewer planes, two's complement.
 */

/** Bits of numbers up to `largest`. */
// @ts-ignore: decorator
@inline
function bitsOf(largest: i32): i32 {
  return 32 - <i32>clz(largest);
}

/** Whether the last plane stands for −2^p with p the number of planes before it. */
// @ts-ignore: decorator
@inline
export function isComplement(lo: i32, hi: i32): bool {
  return lo < 0 && 1 + max(bitsOf(hi), bitsOf(-lo - 1)) < bitsOf(hi) + bitsOf(-lo);
}

/** Planes of coefficients 1, 2, 4, … */
// @ts-ignore: decorator
@inline
export function positivePlanes(lo: i32, hi: i32): i32 {
  return isComplement(lo, hi) ? max(bitsOf(hi), bitsOf(-lo - 1)) : bitsOf(hi);
}

/** Planes of coefficients below 0. */
// @ts-ignore: decorator
@inline
export function negativePlanes(lo: i32, hi: i32): i32 {
  return isComplement(lo, hi) ? 1 : bitsOf(-lo);
}

/** The bits of four numbers, added to the words of their planes, which were zero before the first channels. */
// @ts-ignore: decorator
@inline
function storeBits(word: usize, planeBytes: usize, planes: i32, numbers: v128, lane: i32): void {
  for (let p = 0; p < planes; p++, word += planeBytes) {
    const bits = i32x4.bitmask(i32x4.shl(numbers, 31 - p)) << lane;
    store<u16>(word, <u16>(<i32>load<u16>(word) | bits));
  }
}

/** Spikes of four channels of a word. */
// @ts-ignore: decorator
@inline
export function storeSpikes(word: usize, planeBytes: usize, lo: i32, hi: i32, spikes: v128, lane: i32): void {
  const positive = positivePlanes(lo, hi);
  if (isComplement(lo, hi)) return storeBits(word, planeBytes, positive + 1, spikes, lane);
  const size = i32x4.abs(spikes);
  const sign = i32x4.shr_s(spikes, 31);
  storeBits(word, planeBytes, positive, v128.andnot(size, sign), lane);
  if (lo < 0) {
    const below = word + <usize>positive * planeBytes;
    storeBits(below, planeBytes, negativePlanes(lo, hi), v128.and(size, sign), lane);
  }
}

/** Spike of one channel of a word, which was zero before the first. */
export function storeSpike(word: usize, planeBytes: usize, lo: i32, hi: i32, spike: i32, lane: i32): void {
  const positive = positivePlanes(lo, hi);
  let bits = spike;
  if (isComplement(lo, hi)) bits &= (2 << positive) - 1;
  else if (spike < 0) {
    bits = -spike;
    word += <usize>positive * planeBytes;
  }
  for (; bits != 0; bits >>= 1, word += planeBytes) {
    if (bits & 1) store<u16>(word, <u16>(<i32>load<u16>(word) | (1 << lane)));
  }
}
