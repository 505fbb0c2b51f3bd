/**
 * The currents that an image puts on a layer, once an image: Σ weight · pixel in float64, where whole numbers below 2⁵³
 * are exact, rounded once.
 */
import { noteCall } from "./calls";

/** A window over the image. The host writes it in this order (src/simulator/wasm/constant-currents.ts). */
@unmanaged
export class CurrentWindow {
  /** float64 [channel][y][x] */
  pixels: usize;
  channels: i32;
  height: i32;
  width: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideY: i32;
  strideX: i32;
  offsetY: i32;
  offsetX: i32;
  dilationY: i32;
  dilationX: i32;
  targetHeight: i32;
  targetWidth: i32;
  /** Blocks of 16 outputs. */
  blocks: i32;
  /** float64 [block][ky][kx][channel][16] */
  weights: usize;
  /** Room for what a window holds: float64 [ky][kx][channel]. */
  held: usize;
  /** float64 [block][y][x][16] */
  sums: usize;
}

/** The pixels that target (row, column) hears, zeros outside. */
// @ts-ignore: decorator
@inline
function holdWindow(window: CurrentWindow, row: i32, column: i32): void {
  const plane = <usize>(window.height * window.width) << 3;
  let held = window.held;
  for (let ky = 0; ky < window.kernelHeight; ky++) {
    const y = row * window.strideY + window.offsetY + ky * window.dilationY;
    for (let kx = 0; kx < window.kernelWidth; kx++) {
      const x = column * window.strideX + window.offsetX + kx * window.dilationX;
      const isInside = <u32>y < <u32>window.height && <u32>x < <u32>window.width;
      let pixel = window.pixels + (<usize>(y * window.width + x) << 3);
      for (let c = 0; c < window.channels; c++) {
        store<f64>(held, isInside ? load<f64>(pixel) : 0);
        held += 8;
        pixel += plane;
      }
    }
  }
}

/** Adds 16 outputs of one pixel to `sums`, tap after tap. */
// @ts-ignore: decorator
@inline
function addOutputs(held: usize, taps: usize, weights: usize, sums: usize): void {
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let a4 = f64x2.splat(0);
  let a5 = f64x2.splat(0);
  let a6 = f64x2.splat(0);
  let a7 = f64x2.splat(0);
  for (const end = held + (taps << 3); held < end; held += 8, weights += 128) {
    const pixel = v128.load64_splat(held);
    a0 = f64x2.add(a0, f64x2.mul(pixel, v128.load(weights)));
    a1 = f64x2.add(a1, f64x2.mul(pixel, v128.load(weights, 16)));
    a2 = f64x2.add(a2, f64x2.mul(pixel, v128.load(weights, 32)));
    a3 = f64x2.add(a3, f64x2.mul(pixel, v128.load(weights, 48)));
    a4 = f64x2.add(a4, f64x2.mul(pixel, v128.load(weights, 64)));
    a5 = f64x2.add(a5, f64x2.mul(pixel, v128.load(weights, 80)));
    a6 = f64x2.add(a6, f64x2.mul(pixel, v128.load(weights, 96)));
    a7 = f64x2.add(a7, f64x2.mul(pixel, v128.load(weights, 112)));
  }
  v128.store(sums, f64x2.add(v128.load(sums), a0));
  v128.store(sums, f64x2.add(v128.load(sums, 16), a1), 16);
  v128.store(sums, f64x2.add(v128.load(sums, 32), a2), 32);
  v128.store(sums, f64x2.add(v128.load(sums, 48), a3), 48);
  v128.store(sums, f64x2.add(v128.load(sums, 64), a4), 64);
  v128.store(sums, f64x2.add(v128.load(sums, 80), a5), 80);
  v128.store(sums, f64x2.add(v128.load(sums, 96), a6), 96);
  v128.store(sums, f64x2.add(v128.load(sums, 112), a7), 112);
}

/** Adds a window's currents to its sums. */
export function addCurrents(window: CurrentWindow): void {
  noteCall(17);
  const taps = <usize>(window.kernelHeight * window.kernelWidth * window.channels);
  const blockBytes = <usize>(window.targetHeight * window.targetWidth) << 7;
  let pixel: usize = 0;
  for (let row = 0; row < window.targetHeight; row++) {
    for (let column = 0; column < window.targetWidth; column++, pixel++) {
      holdWindow(window, row, column);
      let weights = window.weights;
      let sums = window.sums + (pixel << 7);
      for (let block = 0; block < window.blocks; block++) {
        addOutputs(window.held, taps, weights, sums);
        weights += taps << 7;
        sums += blockBytes;
      }
    }
  }
}

/** One in fixed point: 2¹⁶. */
const pixelUnit: f64 = 65536;

/** Pixels as they are summed: ⌊x · 2¹⁶ + ½⌋, or x where `isFloat`; float32 → float64. @param count a multiple of 2 */
export function fixPixels(from: usize, count: i32, to: usize, isFloat: bool): void {
  const unit = f64x2.splat(pixelUnit);
  const half = f64x2.splat(0.5);
  for (let i: usize = 0; i < <usize>count; i += 2) {
    const x = f64x2.promote_low_f32x4(v128.load64_zero(from + (i << 2)));
    v128.store(to + (i << 3), isFloat ? x : f64x2.floor(f64x2.add(f64x2.mul(x, unit), half)));
  }
}

/** Two sums rounded once: ⌊(s + 2¹⁵) / 2¹⁶⌋, or to float32; in float64. */
// @ts-ignore: decorator
@inline
function roundSums(sums: v128, isFloat: bool): v128 {
  if (isFloat) return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(sums));
  return f64x2.floor(f64x2.mul(f64x2.add(sums, f64x2.splat(pixelUnit / 2)), f64x2.splat(1 / pixelUnit)));
}

/**
 * Rounds sums and adds the constant currents that all images share.
 *
 * @param sums float64 [count]
 * @param shared float64 [count]
 * @param count a multiple of 4
 * @param to int32, or float32 where `isFloat`, [count]
 * @returns the largest magnitude of the rounded sums, without `shared`
 */
export function roundCurrents(sums: usize, shared: usize, count: i32, to: usize, isFloat: bool): f64 {
  let largest = f64x2.splat(0);
  for (let i: usize = 0; i < <usize>count; i += 4, sums += 32, shared += 32) {
    const low = roundSums(v128.load(sums), isFloat);
    const high = roundSums(v128.load(sums, 16), isFloat);
    largest = f64x2.max(largest, f64x2.max(f64x2.abs(low), f64x2.abs(high)));
    const a = f64x2.add(low, v128.load(shared));
    const b = f64x2.add(high, v128.load(shared, 16));
    const pair = isFloat
      ? v128.shuffle<i64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2)
      : v128.shuffle<i64>(i32x4.trunc_sat_f64x2_s_zero(a), i32x4.trunc_sat_f64x2_s_zero(b), 0, 2);
    v128.store(to + (i << 2), pair);
  }
  return max(f64x2.extract_lane(largest, 0), f64x2.extract_lane(largest, 1));
}
