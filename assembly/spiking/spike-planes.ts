/**
 * Spikes lo…hi as planes of bits (src/simulator/wasm/memory/spike-layout.ts has the other half): the bits of what is positive,
 * then those of the magnitude of what is negative.
 */

/** Planes of spikes up to `largest`. */
// @ts-ignore: decorator
@inline
export function planesOf(largest: i32): i32 {
  return 32 - <i32>clz(largest);
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
  const size = i32x4.abs(spikes);
  const sign = i32x4.shr_s(spikes, 31);
  const positive = planesOf(hi);
  storeBits(word, planeBytes, positive, v128.andnot(size, sign), lane);
  if (lo < 0) storeBits(word + <usize>positive * planeBytes, planeBytes, planesOf(-lo), v128.and(size, sign), lane);
}

/** Spike of one channel of a word, which was zero before the first. */
export function storeSpike(word: usize, planeBytes: usize, hi: i32, spike: i32, lane: i32): void {
  if (spike < 0) word += <usize>planesOf(hi) * planeBytes;
  for (let bits = abs(spike); bits != 0; bits >>= 1, word += planeBytes) {
    if (bits & 1) store<u16>(word, <u16>(<i32>load<u16>(word) | (1 << lane)));
  }
}
