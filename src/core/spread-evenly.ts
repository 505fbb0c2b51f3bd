/**
 * Some of a list, evenly spaced: images that stand for all.
 *
 * Knows: positions. May not know: what the indices name.
 */

/**
 * The elements at ⌊(i + ½)·length/m⌋, i = 0 … m − 1, of m = min(n, length).
 *
 * @example spreadEvenly(Uint32Array.of(0, 1, 2, 3, 4, 5), 2) // [1, 4]
 */
export function spreadEvenly(indices: Uint32Array, n: number): Uint32Array {
  const most = Math.min(n, indices.length);
  return Uint32Array.from(
    { length: most },
    (_, i) => indices[Math.floor(((i + 0.5) * indices.length) / most)] as number,
  );
}
