/**
 * Neuron kernel of binary spikes: finished sums of a tile become V, spikes and counts.
 *
 * Integers hold U = V − θ, whose sign bit is "no spike": shift, mask and subtract are all there is to a step.
 * Float32 compares, since V − θ would round.
 */
import { noteCall } from "./calls";
import { baseOf, sumPixel, sumsOf, TileArguments } from "./tile-arguments";

/** Adds the spikes of a block of a pixel, of which silent steps were counted as −1, in 8 bits each. */
// @ts-ignore: decorator
@inline
function addCounts(counts: usize, steps: i32, silent: v128): void {
  const all = i32x4.splat(steps);
  const silent0 = i16x8.extend_low_i8x16_s(silent);
  const silent1 = i16x8.extend_high_i8x16_s(silent);
  v128.store(counts, i32x4.add(v128.load(counts), i32x4.add(all, i32x4.extend_low_i16x8_s(silent0))));
  v128.store(counts, i32x4.add(v128.load(counts, 16), i32x4.add(all, i32x4.extend_high_i16x8_s(silent0))), 16);
  v128.store(counts, i32x4.add(v128.load(counts, 32), i32x4.add(all, i32x4.extend_low_i16x8_s(silent1))), 32);
  v128.store(counts, i32x4.add(v128.load(counts, 48), i32x4.add(all, i32x4.extend_high_i16x8_s(silent1))), 48);
}

/** The mask of what fires no spike taken off: V − θ, or V = 0 where `zero`. */
// @ts-ignore: decorator
@inline
function resetInt(u: v128, theta: v128, silent: v128, zero: bool): v128 {
  return zero
    ? v128.bitselect(u, i32x4.neg(theta), silent)
    : i32x4.sub(u, v128.andnot(theta, silent));
}

// @ts-ignore: decorator
@inline
function fireInt<T>(tile: TileArguments, block: i32, x: usize, zero: bool): void {
  const neuron = (<usize>(block * tile.blockElements + tile.y * tile.width * 16) + (x << 4)) << 2;
  const potential = tile.potential + neuron;
  const thresholds = tile.threshold + (<usize>block << 6);
  const th0 = v128.load(thresholds);
  const th1 = v128.load(thresholds, 16);
  const th2 = v128.load(thresholds, 32);
  const th3 = v128.load(thresholds, 48);
  let u0 = i32x4.sub(v128.load(potential), th0);
  let u1 = i32x4.sub(v128.load(potential, 16), th1);
  let u2 = i32x4.sub(v128.load(potential, 32), th2);
  let u3 = i32x4.sub(v128.load(potential, 48), th3);
  let silent = i8x16.splat(0);
  const isConstant = tile.passCount == 0;
  let sum = isConstant
    ? baseOf<T>(tile, block) + (x << 4) * sizeof<T>()
    : sumsOf<T>(tile, block) + x * sumPixel<T>(tile);
  const sumStep: usize = isConstant ? 0 : 16 * sizeof<T>();
  const outStep = tile.outStep;
  let out =
    tile.out +
    <usize>tile.y * tile.outRow +
    x * tile.outPixel +
    <usize>tile.first * outStep +
    (<usize>block << 1);
  const past = out + <usize>(tile.last - tile.first) * outStep;
  for (; out < past; out += outStep, sum += sumStep) {
    if (sizeof<T>() == 2) {
      u0 = i32x4.add(u0, v128.load16x4_s(sum));
      u1 = i32x4.add(u1, v128.load16x4_s(sum, 8));
      u2 = i32x4.add(u2, v128.load16x4_s(sum, 16));
      u3 = i32x4.add(u3, v128.load16x4_s(sum, 24));
    } else {
      u0 = i32x4.add(u0, v128.load(sum));
      u1 = i32x4.add(u1, v128.load(sum, 16));
      u2 = i32x4.add(u2, v128.load(sum, 32));
      u3 = i32x4.add(u3, v128.load(sum, 48));
    }
    const m0 = i32x4.shr_s(u0, 31);
    const m1 = i32x4.shr_s(u1, 31);
    const m2 = i32x4.shr_s(u2, 31);
    const m3 = i32x4.shr_s(u3, 31);
    u0 = resetInt(u0, th0, m0, zero);
    u1 = resetInt(u1, th1, m1, zero);
    u2 = resetInt(u2, th2, m2, zero);
    u3 = resetInt(u3, th3, m3, zero);
    const m = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3));
    silent = i8x16.add(silent, m);
    store<u16>(out, <u16>~i8x16.bitmask(m));
  }
  v128.store(potential, i32x4.add(u0, th0));
  v128.store(potential, i32x4.add(u1, th1), 16);
  v128.store(potential, i32x4.add(u2, th2), 32);
  v128.store(potential, i32x4.add(u3, th3), 48);
  addCounts(tile.count + neuron, tile.last - tile.first, silent);
}

// @ts-ignore: decorator
@inline
function fireFloat(tile: TileArguments, block: i32, x: usize): void {
  const zero = tile.resetToZero != 0;
  const neuron = (<usize>(block * tile.blockElements + tile.y * tile.width * 16) + (x << 4)) << 2;
  const isConstant = tile.passCount == 0;
  const sums = isConstant ? baseOf<f32>(tile, block) + (x << 6) : sumsOf<f32>(tile, block) + x * sumPixel<f32>(tile);
  const sumStep: usize = isConstant ? 0 : 64;
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
      if (zero) fireInt<i16>(tile, block, x, true);
      else fireInt<i16>(tile, block, x, false);
    }
  }
}

export function fireBinaryInt(tile: TileArguments): void {
  noteCall(7);
  const zero = tile.resetToZero != 0;
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      if (zero) fireInt<i32>(tile, block, x, true);
      else fireInt<i32>(tile, block, x, false);
    }
  }
}

export function fireBinaryFloat(tile: TileArguments): void {
  noteCall(8);
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) fireFloat(tile, block, x);
  }
}
