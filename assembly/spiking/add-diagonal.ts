/**
 * Current kernel: a weight for each channel of spikes that lie as bytes, as an identity shortcut is.
 *
 * Knows: bytes of spikes. May not know: windows, planes.
 */
import { noteCall } from "./calls";
import { baseOf, Pass, sumPixel, sumsOf, TileArguments } from "./tile-arguments";

/** The host writes it in this order (src/simulator/wasm/memory/tile-commands.ts). */
@unmanaged
export class DiagonalWindow {
  /** Spikes of the source: the bytes of (y 0, t 0, x 0) of the block, and strides. */
  source: usize;
  sourceRow: usize;
  sourceStep: usize;
  sourcePixel: usize;
  /** [16] in the sums' lanes. */
  weights: usize;
}

/** Adds 16 spikes times their weights to 16 numbers of 16 bits. */
// @ts-ignore: decorator
@inline
function addShortProducts(from: usize, to: usize, spikes: v128, weights: usize): void {
  const low = i16x8.mul(i16x8.extend_low_i8x16_s(spikes), v128.load(weights));
  const high = i16x8.mul(i16x8.extend_high_i8x16_s(spikes), v128.load(weights, 16));
  v128.store(to, i16x8.add(v128.load(from), low));
  v128.store(to, i16x8.add(v128.load(from, 16), high), 16);
}

/** The same of 32 bits. */
// @ts-ignore: decorator
@inline
function addIntProducts(from: usize, to: usize, spikes: v128, weights: usize): void {
  const low = i16x8.extend_low_i8x16_s(spikes);
  const high = i16x8.extend_high_i8x16_s(spikes);
  const p0 = i32x4.mul(i32x4.extend_low_i16x8_s(low), v128.load(weights));
  const p1 = i32x4.mul(i32x4.extend_high_i16x8_s(low), v128.load(weights, 16));
  const p2 = i32x4.mul(i32x4.extend_low_i16x8_s(high), v128.load(weights, 32));
  const p3 = i32x4.mul(i32x4.extend_high_i16x8_s(high), v128.load(weights, 48));
  v128.store(to, i32x4.add(v128.load(from), p0));
  v128.store(to, i32x4.add(v128.load(from, 16), p1), 16);
  v128.store(to, i32x4.add(v128.load(from, 32), p2), 32);
  v128.store(to, i32x4.add(v128.load(from, 48), p3), 48);
}

function addDiagonal<T>(tile: TileArguments, pass: Pass): void {
  noteCall(sizeof<T>() == 2 ? 32 : 35);
  const window = changetype<DiagonalWindow>(pass.segments);
  const starts = pass.starts != 0;
  const step: usize = 16 * sizeof<T>();
  const fromStep: usize = starts ? 0 : step;
  const bytes = <usize>(tile.last - tile.first) * step;
  const weights = window.weights;
  const sourceStep = window.sourceStep;
  let spikes = window.source + <usize>tile.y * window.sourceRow + <usize>tile.first * sourceStep;
  let sums = sumsOf<T>(tile, pass.block);
  let base = baseOf<T>(tile, pass.block);
  for (let x = tile.width; x > 0; x--) {
    let from = starts ? base : sums;
    let at = spikes;
    for (let sum = sums; sum < sums + bytes; sum += step, from += fromStep, at += sourceStep) {
      if (sizeof<T>() == 2) addShortProducts(from, sum, v128.load(at), weights);
      else addIntProducts(from, sum, v128.load(at), weights);
    }
    spikes += window.sourcePixel;
    sums += sumPixel<T>(tile);
    base += step;
  }
}

export function addDiagonal16(tile: TileArguments, pass: Pass): void {
  addDiagonal<i16>(tile, pass);
}
/** The same with sums of 32 bits. */
export function addDiagonalInt(tile: TileArguments, pass: Pass): void {
  addDiagonal<i32>(tile, pass);
}
