/**
 * Neuron kernels of any spikes lo…hi: finished sums of a tile become V, spikes in planes and counts. The common alphabets
 * have kernels of their own (fire-levels.ts).
 *
 * The bits of ⌊V/θ⌋ are found from the highest down by comparing what is left of V with 2^p·θ and taking that off: a
 * ladder of one step a plane, no division. What is negative climbs the same ladder with its magnitude, at most θ times
 * what the neuron sent so far. Float32 divides, as the reference does: the quotient is rounded.
 *
 * Eight channels of a pixel are run at a time: half a word of each plane's bits.
 */
import { noteCall } from "./calls";
import { addShorts, magnitudeOf, neuronOf, outOf, sumOf, withSign16, withSign32 } from "./fire-tile";
import { planesOf, storeSpikes } from "./spike-planes";
import { TileArguments } from "./tile-arguments";

/** One half (8 channels) of one pixel and block over a tile's steps. */
// @ts-ignore: decorator
@inline
function fireInt<T>(tile: TileArguments, block: i32, x: usize, half: usize, signed: bool, zero: bool): void {
  const neuron = neuronOf(tile, block, x) + (half << 5);
  const potential = tile.potential + neuron;
  const counts = tile.count + neuron;
  const thresholds = tile.threshold + (<usize>block << 6) + (half << 5);
  const th0 = v128.load(thresholds);
  const th1 = v128.load(thresholds, 16);
  const positive = planesOf(tile.hi);
  const negative = planesOf(-tile.lo);
  const planes = max(positive, negative);
  const top0 = i32x4.shl(th0, planes - 1);
  const top1 = i32x4.shl(th1, planes - 1);
  const topUnit = i16x8.splat(<i16>(<i32>1 << (planes - 1)));
  const most = i32x4.splat(tile.hi);
  const most0 = i32x4.mul(th0, most);
  const most1 = i32x4.mul(th1, most);
  const least = i32x4.splat(-tile.lo);
  let v0 = v128.load(potential);
  let v1 = v128.load(potential, 16);
  let n0 = v128.load(counts);
  let n1 = v128.load(counts, 16);
  /** Σs without negative ones where they are not allowed, Σ|s| where they are. */
  let sent = i16x8.splat(0);
  let sum = sumOf<T>(tile, block, x) + (half << 3) * sizeof<T>();
  const sumStep = tile.sumStep;
  const outStep = tile.outStep;
  const outPlane = tile.outPlane;
  let out = outOf(tile, block, x) + half;
  const past = out + <usize>(tile.last - tile.first) * outStep;
  for (; out < past; out += outStep, sum += sumStep) {
    if (sizeof<T>() == 2) {
      const a = v128.load(sum);
      v0 = i32x4.add(v0, i32x4.extend_low_i16x8_s(a));
      v1 = i32x4.add(v1, i32x4.extend_high_i16x8_s(a));
    } else {
      v0 = i32x4.add(v0, v128.load(sum));
      v1 = i32x4.add(v1, v128.load(sum, 16));
    }
    // what spikes can take off or put on
    let r0 = i32x4.min_s(v0, most0);
    let r1 = i32x4.min_s(v1, most1);
    if (signed) {
      r0 = i32x4.max_s(r0, i32x4.neg(i32x4.mul(th0, i32x4.min_s(n0, least))));
      r1 = i32x4.max_s(r1, i32x4.neg(i32x4.mul(th1, i32x4.min_s(n1, least))));
    }
    const sign0 = i32x4.shr_s(r0, 31);
    const sign1 = i32x4.shr_s(r1, 31);
    if (signed) {
      r0 = magnitudeOf(r0, sign0, th0);
      r1 = magnitudeOf(r1, sign1, th1);
    }
    const from0 = r0;
    const from1 = r1;
    const sign = i16x8.narrow_i32x4_s(sign0, sign1);
    const isNegative = i16x8.bitmask(sign);
    let s = i16x8.splat(0);
    let rung0 = top0;
    let rung1 = top1;
    let unit = topUnit;
    for (let p = planes - 1; p >= 0; p--) {
      const silent0 = i32x4.gt_s(rung0, r0);
      const silent1 = i32x4.gt_s(rung1, r1);
      r0 = i32x4.sub(r0, v128.andnot(rung0, silent0));
      r1 = i32x4.sub(r1, v128.andnot(rung1, silent1));
      const silent = i16x8.narrow_i32x4_s(silent0, silent1);
      const bits = ~i16x8.bitmask(silent);
      if (p < positive) store<u8>(out + <usize>p * outPlane, <u8>(signed ? bits & ~isNegative : bits));
      if (signed && p < negative) store<u8>(out + <usize>(positive + p) * outPlane, <u8>(bits & isNegative));
      s = v128.or(s, v128.andnot(unit, silent));
      rung0 = i32x4.shr_s(rung0, 1);
      rung1 = i32x4.shr_s(rung1, 1);
      unit = i16x8.shr_s(unit, 1);
    }
    sent = i16x8.add(sent, s);
    let off0 = i32x4.sub(from0, r0);
    let off1 = i32x4.sub(from1, r1);
    if (signed) {
      off0 = withSign32(off0, sign0);
      off1 = withSign32(off1, sign1);
      s = withSign16(s, sign);
      n0 = i32x4.add(n0, i32x4.extend_low_i16x8_s(s));
      n1 = i32x4.add(n1, i32x4.extend_high_i16x8_s(s));
    }
    const none = i32x4.splat(0);
    v0 = zero ? v128.and(v0, i32x4.eq(off0, none)) : i32x4.sub(v0, off0);
    v1 = zero ? v128.and(v1, i32x4.eq(off1, none)) : i32x4.sub(v1, off1);
  }
  v128.store(potential, v0);
  v128.store(potential, v1, 16);
  if (signed) {
    v128.store(counts, n0);
    v128.store(counts, n1, 16);
    addShorts(tile.magnitude + neuron, sent);
  } else addShorts(counts, sent);
}

/** Four channels of one pixel and block over a tile's steps. */
// @ts-ignore: decorator
@inline
function fireFloat(tile: TileArguments, block: i32, x: usize, lane: usize, zero: bool): void {
  const neuron = neuronOf(tile, block, x) + lane;
  const theta = v128.load(tile.threshold + (<usize>block << 6) + lane);
  const most = f32x4.splat(<f32>tile.hi);
  const least = i32x4.splat(-tile.lo);
  let v = v128.load(tile.potential + neuron);
  let n = v128.load(tile.count + neuron);
  let sent = i32x4.splat(0);
  let sum = sumOf<f32>(tile, block, x) + lane;
  const sumStep = tile.sumStep;
  let out = outOf(tile, block, x);
  const past = out + <usize>(tile.last - tile.first) * tile.outStep;
  for (; out < past; out += tile.outStep, sum += sumStep) {
    v = f32x4.add(v, v128.load(sum));
    const lowest = f32x4.convert_i32x4_s(i32x4.neg(i32x4.min_s(n, least)));
    const s = f32x4.max(lowest, f32x4.min(most, f32x4.floor(f32x4.div(v, theta))));
    const spikes = i32x4.trunc_sat_f32x4_s(s);
    if (zero) v = v128.and(v, i32x4.eq(spikes, i32x4.splat(0)));
    else v = f32x4.sub(v, f32x4.mul(theta, s));
    n = i32x4.add(n, spikes);
    sent = i32x4.add(sent, i32x4.abs(spikes));
    storeSpikes(out, tile.outPlane, tile.lo, tile.hi, spikes, <i32>(lane >> 2));
  }
  v128.store(tile.potential + neuron, v);
  v128.store(tile.count + neuron, n);
  if (tile.lo < 0) {
    const magnitude = tile.magnitude + neuron;
    v128.store(magnitude, i32x4.add(v128.load(magnitude), sent));
  }
}

// @ts-ignore: decorator
@inline
function fireAny<T>(tile: TileArguments): void {
  const zero = tile.resetToZero != 0;
  const signed = tile.lo < 0;
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      for (let half: usize = 0; half < 2; half++) {
        if (signed && zero) fireInt<T>(tile, block, x, half, true, true);
        else if (signed) fireInt<T>(tile, block, x, half, true, false);
        else if (zero) fireInt<T>(tile, block, x, half, false, true);
        else fireInt<T>(tile, block, x, half, false, false);
      }
    }
  }
}

export function fireAny16(tile: TileArguments): void {
  noteCall(9);
  fireAny<i16>(tile);
}

export function fireAnyInt(tile: TileArguments): void {
  noteCall(10);
  fireAny<i32>(tile);
}

export function fireAnyFloat(tile: TileArguments): void {
  noteCall(11);
  const zero = tile.resetToZero != 0;
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      for (let lane: usize = 0; lane < 64; lane += 16) {
        if (zero) fireFloat(tile, block, x, lane, true);
        else fireFloat(tile, block, x, lane, false);
      }
    }
  }
}
