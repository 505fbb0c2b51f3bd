/**
 * Element by element; sizes in bytes, multiples of 16. NaN passes through every one of them:
 * max keeps it by definition, and pmin(a, b) = b < a ? b : a (one instruction on x86) keeps a NaN a.
 */

/** y = a + b; y may be a. */
export function addValues(a: usize, b: usize, y: usize, size: usize): void {
  for (let i: usize = 0; i < size; i += 16) {
    v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  }
}

/** y = scale[c]·x + shift[c], product and sum rounded apart; `channels` bytes of a pixel. */
export function scaleShift(x: usize, scale: usize, shift: usize, y: usize, channels: usize, size: usize): void {
  const end = x + size;
  while (x < end) {
    for (let c: usize = 0; c < channels; c += 16) {
      v128.store(y + c, f32x4.add(f32x4.mul(v128.load(x + c), v128.load(scale + c)), v128.load(shift + c)));
    }
    x += channels;
    y += channels;
  }
}

/** y = min(max(x, low), high). */
export function clampValues(x: usize, y: usize, size: usize, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (let i: usize = 0; i < size; i += 16) {
    v128.store(y + i, f32x4.pmin(f32x4.max(v128.load(x + i), lows), highs));
  }
}

/**
 * y = min(max((x + current)/divisor[c], low), high).
 *
 * @param currentStep bytes from a pixel's current to the next one's: 0 where pixels share it
 */
export function spikeRate(
  x: usize, current: usize, currentStep: usize, divisor: usize, y: usize,
  channels: usize, size: usize, low: f32, high: f32,
): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const end = x + size;
  while (x < end) {
    for (let c: usize = 0; c < channels; c += 16) {
      const rate = f32x4.div(f32x4.add(v128.load(x + c), v128.load(current + c)), v128.load(divisor + c));
      v128.store(y + c, f32x4.pmin(f32x4.max(rate, lows), highs));
    }
    x += channels;
    y += channels;
    current += currentStep;
  }
}
