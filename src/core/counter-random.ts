/**
 * Counter-based random numbers: each number is a pure function of its
 * coordinates, so any part of a stream can be drawn in any order, on any thread.
 *
 * Knows: 32-bit integer mixing. May not know: what is drawn.
 */

const goldenRatio = 0x9e3779b9;

/** Mixes a 32-bit word (finaliser of MurmurHash3, Appleby 2011). */
function mixWord(word: number): number {
  let h = word >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A 32-bit unsigned integer that depends on all coordinates (each taken modulo 2³²). */
export function randomWord(...coordinates: readonly number[]): number {
  let state = 0x243f6a88;
  for (const coordinate of coordinates) {
    state = mixWord(state ^ mixWord((coordinate + goldenRatio) >>> 0));
    state = (Math.imul(state, 5) + 0xe6546b64) >>> 0;
  }
  return mixWord(state);
}

/** A number in [0, 1) with 32 random bits. */
export function randomUnit(...coordinates: readonly number[]): number {
  return randomWord(...coordinates) / 2 ** 32;
}

/** A standard normal number (Box and Muller 1958). */
export function randomNormal(...coordinates: readonly number[]): number {
  const radius = Math.sqrt(-2 * Math.log(1 - randomUnit(...coordinates, 0)));
  return radius * Math.cos(2 * Math.PI * randomUnit(...coordinates, 1));
}

/** Bytes that are independent of each other, such as pixels that reach further than real images do. */
export function randomBytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => randomWord(seed, at) & 255);
}

/** A permutation of 0…n−1 (Fisher and Yates), the same for the same seed everywhere. */
export function randomPermutation(n: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last--) {
    const chosen = Math.floor(randomUnit(seed, last) * (last + 1));
    const moved = order[last] as number;
    order[last] = order[chosen] as number;
    order[chosen] = moved;
  }
  return order;
}
