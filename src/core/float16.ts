/**
 * Half-width floats (IEEE binary16 and bfloat16) and their float32 values.
 *
 * Knows: bit patterns. May not know: files, what the numbers mean.
 *
 * Widening is exact: every half and every bfloat16 is a float32.
 */

/** The value of an IEEE 754 binary16 pattern: (−1)^s · 2^(e−15) · (1 + f/1024), subnormals and specials included. */
export function decodeFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** The value of a bfloat16 pattern: the upper half of a float32. */
export function decodeBfloat16(bits: number): number {
  word.setUint32(0, (bits << 16) >>> 0);
  return word.getFloat32(0);
}
