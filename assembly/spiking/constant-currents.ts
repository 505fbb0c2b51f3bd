/**
 * The currents that an image puts on a layer, once an image: Σ weight · pixel in float64, where whole numbers below 2⁵³
 * are exact, rounded once.
 */
import { noteCall } from "./calls";

/** A window over the image. The host writes it in this order (src/simulator/wasm/running/constant-currents.ts). */
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
  /** Room for what the windows of a target row hear: float64 [ky][columns from the first to the last][channel]. */
  held: usize;
  /** float64 [block][y][x][16] */
  sums: usize;
}

/** Columns that the windows of a target row reach from the first to the last. */
// @ts-ignore: decorator
@inline
export function spanOf(window: CurrentWindow): i32 {
  return (window.targetWidth - 1) * window.strideX + (window.kernelWidth - 1) * window.dilationX + 1;
}

/** Fills `held` with the pixels that a target row hears, zeros outside of the image. */
function holdRows(window: CurrentWindow, row: i32): void {
  const span = spanOf(window);
  const plane = <usize>(window.height * window.width) << 3;
  const pixelBytes = <usize>window.channels << 3;
  const first = max(0, -window.offsetX);
  const past = min(span, window.width - window.offsetX);
  let held = window.held;
  memory.fill(held, 0, <usize>(window.kernelHeight * span) * pixelBytes);
  for (let ky = 0; ky < window.kernelHeight; ky++, held += <usize>span * pixelBytes) {
    const y = row * window.strideY + window.offsetY + ky * window.dilationY;
    if (<u32>y >= <u32>window.height) continue;
    for (let c = 0; c < window.channels; c++) {
      let pixel = window.pixels + <usize>c * plane + (<usize>(y * window.width + window.offsetX + first) << 3);
      let to = held + <usize>first * pixelBytes + (<usize>c << 3);
      for (let x = first; x < past; x++, pixel += 8, to += pixelBytes) store<f64>(to, load<f64>(pixel));
    }
  }
}

/** Adds 16 outputs of one pixel to `sums`, tap after tap; `held` is where its window begins. */
function addOutputs(window: CurrentWindow, held: usize, weights: usize, sums: usize): void {
  const pixelBytes = <usize>window.channels << 3;
  const rowBytes = <usize>spanOf(window) * pixelBytes;
  // columns that lie side by side are one run
  const isRun = window.dilationX == 1;
  const runs = isRun ? 1 : window.kernelWidth;
  const runBytes = isRun ? <usize>window.kernelWidth * pixelBytes : pixelBytes;
  const runStep = <usize>window.dilationX * pixelBytes;
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let a4 = f64x2.splat(0);
  let a5 = f64x2.splat(0);
  let a6 = f64x2.splat(0);
  let a7 = f64x2.splat(0);
  for (let ky = window.kernelHeight; ky > 0; ky--, held += rowBytes) {
    let from = held;
    for (let run = runs; run > 0; run--, from += runStep) {
      for (let at = from; at < from + runBytes; at += 8, weights += 128) {
        const pixel = v128.load64_splat(at);
        a0 = f64x2.add(a0, f64x2.mul(pixel, v128.load(weights)));
        a1 = f64x2.add(a1, f64x2.mul(pixel, v128.load(weights, 16)));
        a2 = f64x2.add(a2, f64x2.mul(pixel, v128.load(weights, 32)));
        a3 = f64x2.add(a3, f64x2.mul(pixel, v128.load(weights, 48)));
        a4 = f64x2.add(a4, f64x2.mul(pixel, v128.load(weights, 64)));
        a5 = f64x2.add(a5, f64x2.mul(pixel, v128.load(weights, 80)));
        a6 = f64x2.add(a6, f64x2.mul(pixel, v128.load(weights, 96)));
        a7 = f64x2.add(a7, f64x2.mul(pixel, v128.load(weights, 112)));
      }
    }
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
  const columnBytes = <usize>(window.strideX * window.channels) << 3;
  let pixel: usize = 0;
  for (let row = 0; row < window.targetHeight; row++) {
    holdRows(window, row);
    let held = window.held;
    for (let column = 0; column < window.targetWidth; column++, pixel++, held += columnBytes) {
      let weights = window.weights;
      let sums = window.sums + (pixel << 7);
      for (let block = 0; block < window.blocks; block++) {
        addOutputs(window, held, weights, sums);
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
