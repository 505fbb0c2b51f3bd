/**
 * The currents that an image puts on a layer whose weights have 16 bits: those of constant-currents.ts in integers. A pixel in fixed
 * point is 2¹⁰·high + low, both of 16 bits; Σ weight·high and Σ weight·low are kept apart and rounded as one sum.
 *
 * Knows: CurrentWindow. May not know: whether sums fit (src/simulator/wasm/running/short-currents.ts).
 */
import { noteCall } from "./calls";
import { CurrentWindow, spanOf } from "./constant-currents";

/** Bits of a pixel that are low; ones that a sum is rounded by. */
const lowBits: i32 = 10;
const lowMask: i32 = (1 << lowBits) - 1;

/**
 * Pixels in fixed point: ⌊x · 2¹⁶ + ½⌋ as int32. @param count a multiple of 2
 *
 * @returns the largest magnitude; 2³¹ and above where one does not fit
 */
export function fixShortPixels(from: usize, count: i32, to: usize): f64 {
  const unit = f64x2.splat(65536);
  const half = f64x2.splat(0.5);
  let largest = f64x2.splat(0);
  for (let i: usize = 0; i < <usize>count; i += 2) {
    const x = f64x2.promote_low_f32x4(v128.load64_zero(from + (i << 2)));
    const fixed = f64x2.floor(f64x2.add(f64x2.mul(x, unit), half));
    largest = f64x2.max(largest, f64x2.abs(fixed));
    v128.store64_lane(to + (i << 2), i32x4.trunc_sat_f64x2_s_zero(fixed), 0);
  }
  return max(f64x2.extract_lane(largest, 0), f64x2.extract_lane(largest, 1));
}

/** Bytes of the low parts (and of the high parts behind them) of what the windows of a target row hear. */
// @ts-ignore: decorator
@inline
function heldBytes(window: CurrentWindow): usize {
  return <usize>(window.kernelHeight * spanOf(window) * window.channels) << 1;
}

/** Fills `held` with the parts of the pixels that a target row hears, zeros outside of the image: [ky][column][channel] int16 each. */
function holdParts(window: CurrentWindow, row: i32): void {
  const span = spanOf(window);
  const toHigh = heldBytes(window);
  const plane = <usize>(window.height * window.width) << 2;
  const pixelBytes = <usize>window.channels << 1;
  const first = max(0, -window.offsetX);
  const past = min(span, window.width - window.offsetX);
  let held = window.held;
  memory.fill(held, 0, 2 * toHigh);
  for (let ky = 0; ky < window.kernelHeight; ky++, held += <usize>span * pixelBytes) {
    const y = row * window.strideY + window.offsetY + ky * window.dilationY;
    if (<u32>y >= <u32>window.height) continue;
    for (let c = 0; c < window.channels; c++) {
      let pixel = window.pixels + <usize>c * plane + (<usize>(y * window.width + window.offsetX + first) << 2);
      let to = held + <usize>first * pixelBytes + (<usize>c << 1);
      for (let x = first; x < past; x++, pixel += 4, to += pixelBytes) {
        const value = load<i32>(pixel);
        store<i16>(to, <i16>(value & lowMask));
        store<i16>(to + toHigh, <i16>(value >> lowBits));
      }
    }
  }
}

/** ⌊(2¹⁰·high + low + 2¹⁵) / 2¹⁶⌋ */
// @ts-ignore: decorator
@inline
function roundParts(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(high, i32x4.shr_s(i32x4.add(low, i32x4.splat(32768)), lowBits)), 16 - lowBits);
}

/** Of four outputs: stores what was rounded and what all images share; returns the larger of the magnitude and `largest`. */
// @ts-ignore: decorator
@inline
function storeRounded(rounded: v128, shared: usize, to: usize, largest: v128): v128 {
  v128.store(to, i32x4.add(rounded, v128.load(shared)));
  return i32x4.max_s(largest, i32x4.abs(rounded));
}

/**
 * The rounded currents of a window, and those that all images share.
 *
 * @param window its pixels are int32, its weights int16 [block][ky][pairs of taps][16][2], a zero behind an odd last tap, its columns lie
 * side by side; `sums` is not used
 * @param shared int32 [block][y][x][16]; `to` likewise
 * @returns the largest magnitude of the rounded sums, without `shared`
 */
export function addShortCurrents(window: CurrentWindow, shared: usize, to: usize): i32 {
  noteCall(36);
  const toHigh = heldBytes(window);
  const taps = window.kernelWidth * window.channels;
  const pairBytes = <usize>((taps + 1) & ~1) << 1;
  const rowBytes = <usize>(spanOf(window) * window.channels) << 1;
  const columnBytes = <usize>(window.strideX * window.channels) << 1;
  const blockBytes = <usize>(window.targetHeight * window.targetWidth) << 6;
  let largest = i32x4.splat(0);
  let pixel: usize = 0;
  for (let row = 0; row < window.targetHeight; row++) {
    holdParts(window, row);
    let column = window.held;
    for (let x = window.targetWidth; x > 0; x--, pixel += 64, column += columnBytes) {
      let weights = window.weights;
      let at = pixel;
      for (let block = window.blocks; block > 0; block--, at += blockBytes) {
        let l0 = i32x4.splat(0);
        let l1 = i32x4.splat(0);
        let l2 = i32x4.splat(0);
        let l3 = i32x4.splat(0);
        let h0 = i32x4.splat(0);
        let h1 = i32x4.splat(0);
        let h2 = i32x4.splat(0);
        let h3 = i32x4.splat(0);
        let held = column;
        for (let ky = window.kernelHeight; ky > 0; ky--, held += rowBytes) {
          for (let from = held; from < held + pairBytes; from += 4, weights += 64) {
            const low = v128.load32_splat(from);
            const high = v128.load32_splat(from + toHigh);
            const w0 = v128.load(weights);
            l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, w0));
            h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, w0));
            const w1 = v128.load(weights, 16);
            l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, w1));
            h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, w1));
            const w2 = v128.load(weights, 32);
            l2 = i32x4.add(l2, i32x4.dot_i16x8_s(low, w2));
            h2 = i32x4.add(h2, i32x4.dot_i16x8_s(high, w2));
            const w3 = v128.load(weights, 48);
            l3 = i32x4.add(l3, i32x4.dot_i16x8_s(low, w3));
            h3 = i32x4.add(h3, i32x4.dot_i16x8_s(high, w3));
          }
        }
        largest = storeRounded(roundParts(h0, l0), shared + at, to + at, largest);
        largest = storeRounded(roundParts(h1, l1), shared + at + 16, to + at + 16, largest);
        largest = storeRounded(roundParts(h2, l2), shared + at + 32, to + at + 32, largest);
        largest = storeRounded(roundParts(h3, l3), shared + at + 48, to + at + 48, largest);
      }
    }
  }
  return max(
    max(i32x4.extract_lane(largest, 0), i32x4.extract_lane(largest, 1)),
    max(i32x4.extract_lane(largest, 2), i32x4.extract_lane(largest, 3)),
  );
}
