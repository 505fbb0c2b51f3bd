/**
 * Neuron kernel of binary spikes: finished sums of a tile become V, spikes and counts.
 *
 * Integers hold U = V − θ, whose sign bit is "no spike": add, compare, mask and subtract are all there is to a step.
 * Float32 compares, since V − θ would round.
 */
import { noteCall } from "./calls";
import { neuronOf, outOf, sumOf } from "./fire-tile";
import { isFirst, storedOf, TileArguments } from "./tile-arguments";

/** Adds the spikes of a block of a pixel, counted as −1 in 8 bits each, to the counts, which are 0 before the first step. */
// @ts-ignore: decorator
@inline
function subtractCounts(counts: usize, fired: v128, first: bool): void {
  const fired0 = i16x8.extend_low_i8x16_s(fired);
  const fired1 = i16x8.extend_high_i8x16_s(fired);
  const none = i32x4.splat(0);
  v128.store(counts, i32x4.sub(first ? none : v128.load(counts), i32x4.extend_low_i16x8_s(fired0)));
  v128.store(counts, i32x4.sub(first ? none : v128.load(counts, 16), i32x4.extend_high_i16x8_s(fired0)), 16);
  v128.store(counts, i32x4.sub(first ? none : v128.load(counts, 32), i32x4.extend_low_i16x8_s(fired1)), 32);
  v128.store(counts, i32x4.sub(first ? none : v128.load(counts, 48), i32x4.extend_high_i16x8_s(fired1)), 48);
}

/** U after a spike where `fired`: less θ, or −θ (V = 0) where `Reset` is bool. */
// @ts-ignore: decorator
@inline
function resetInt<Reset>(u: v128, theta: v128, fired: v128): v128 {
  return isBoolean<Reset>()
    ? v128.bitselect(i32x4.neg(theta), u, fired)
    : i32x4.sub(u, v128.and(fired, theta));
}

/** Four lanes of the finished sums, 32 bits each. */
// @ts-ignore: decorator
@inline
function loadSums<T>(sum: usize, quarter: usize): v128 {
  return sizeof<T>() == 2 ? v128.load16x4_s(sum + quarter * 8) : v128.load(sum + quarter * 16);
}

/**
 * A block of a pixel over the tile's steps. Resets are told apart by a type, so that the loop over steps has no
 * branch: engines keep one whose condition is an argument, and it cost an eighth of the loop.
 */
function fireInt<T, Reset>(tile: TileArguments, block: i32, x: usize): void {
  const neuron = neuronOf(tile, block, x);
  const potential = tile.potential + neuron;
  const thresholds = tile.threshold + (<usize>block << 6);
  const th0 = v128.load(thresholds);
  const th1 = v128.load(thresholds, 16);
  const th2 = v128.load(thresholds, 32);
  const th3 = v128.load(thresholds, 48);
  const first = isFirst(tile);
  const before = first ? tile.start + neuron : potential;
  let u0 = i32x4.sub(v128.load(before), th0);
  let u1 = i32x4.sub(v128.load(before, 16), th1);
  let u2 = i32x4.sub(v128.load(before, 32), th2);
  let u3 = i32x4.sub(v128.load(before, 48), th3);
  const below = i32x4.splat(-1);
  let count = i8x16.splat(0);
  let sum = sumOf<T>(tile, block, x);
  const sumStep = tile.sumStep;
  const outStep = tile.outStep;
  let out = outOf(tile, block, x);
  const past = out + <usize>(tile.last - tile.first) * outStep;
  for (; out < past; out += outStep) {
    u0 = i32x4.add(u0, loadSums<T>(sum, 0));
    u1 = i32x4.add(u1, loadSums<T>(sum, 1));
    u2 = i32x4.add(u2, loadSums<T>(sum, 2));
    u3 = i32x4.add(u3, loadSums<T>(sum, 3));
    sum += sumStep;
    const f0 = i32x4.gt_s(u0, below);
    const f1 = i32x4.gt_s(u1, below);
    const f2 = i32x4.gt_s(u2, below);
    const f3 = i32x4.gt_s(u3, below);
    u0 = resetInt<Reset>(u0, th0, f0);
    u1 = resetInt<Reset>(u1, th1, f1);
    u2 = resetInt<Reset>(u2, th2, f2);
    u3 = resetInt<Reset>(u3, th3, f3);
    const fired = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(f0, f1), i16x8.narrow_i32x4_s(f2, f3));
    count = i8x16.add(count, fired);
    store<u16>(out, <u16>i8x16.bitmask(fired));
  }
  const stored = storedOf(tile);
  if (stored & 4) {
    v128.store(potential, i32x4.add(u0, th0));
    v128.store(potential, i32x4.add(u1, th1), 16);
    v128.store(potential, i32x4.add(u2, th2), 32);
    v128.store(potential, i32x4.add(u3, th3), 48);
  }
  if (stored & 3) subtractCounts(tile.count + neuron, count, first);
}

// @ts-ignore: decorator
@inline
function fireFloat(tile: TileArguments, block: i32, x: usize): void {
  const zero = tile.resetToZero != 0;
  const neuron = (<usize>(block * tile.blockElements + tile.y * tile.width * 16) + (x << 4)) << 2;
  const sums = sumOf<f32>(tile, block, x);
  const sumStep = tile.sumStep;
  const outs =
    tile.out +
    <usize>tile.y * tile.outRow +
    x * tile.outPixel +
    <usize>tile.first * tile.outStep +
    (<usize>block << 1);
  for (let lane: usize = 0; lane < 64; lane += 16) {
    const potential = tile.potential + neuron + lane;
    const counts = tile.count + neuron + lane;
    const theta = v128.load(tile.threshold + (<usize>block << 6) + lane);
    let v = v128.load(potential);
    let c = v128.load(counts);
    let sum = sums + lane;
    let out = outs;
    for (let t = tile.first; t < tile.last; t++, sum += sumStep, out += tile.outStep) {
      v = f32x4.add(v, v128.load(sum));
      const m = f32x4.ge(v, theta);
      v = zero ? v128.andnot(v, m) : f32x4.sub(v, v128.and(m, theta));
      c = i32x4.sub(c, m);
      // the spikes' memory is zero before the first four channels are written
      store<u16>(out, <u16>(<i32>load<u16>(out) | (i32x4.bitmask(m) << <i32>(lane >> 2))));
    }
    v128.store(potential, v);
    v128.store(counts, c);
  }
}

export function fireBinary16(tile: TileArguments): void {
  noteCall(6);
  const zero = tile.resetToZero != 0;
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      if (zero) fireInt<i16, bool>(tile, block, x);
      else fireInt<i16, i32>(tile, block, x);
    }
  }
}

export function fireBinaryInt(tile: TileArguments): void {
  noteCall(7);
  const zero = tile.resetToZero != 0;
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      if (zero) fireInt<i32, bool>(tile, block, x);
      else fireInt<i32, i32>(tile, block, x);
    }
  }
}

export function fireBinaryFloat(tile: TileArguments): void {
  noteCall(8);
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) fireFloat(tile, block, x);
  }
}
