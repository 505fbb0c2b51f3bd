/** Where the neuron kernels of levels find what belongs to a pixel and block of a tile. */
import { baseOf, sumPixel, sumsOf, TileArguments } from "./tile-arguments";

/** Bytes from the first potential (or count) to that of the first channel of (block, x). */
// @ts-ignore: decorator
@inline
export function neuronOf(tile: TileArguments, block: i32, x: usize): usize {
  return (<usize>(block * tile.blockElements + tile.y * tile.width * 16) + (x << 4)) << 2;
}

/** The finished sums of (block, x) at the tile's first step: the constant current where nothing else drives it. */
// @ts-ignore: decorator
@inline
export function sumOf<T>(tile: TileArguments, block: i32, x: usize): usize {
  return tile.passCount == 0
    ? baseOf<T>(tile, block) + (x << 4) * sizeof<T>()
    : sumsOf<T>(tile, block) + x * sumPixel<T>(tile);
}

/** The output word of (plane 0, block, x) at the tile's first step. */
// @ts-ignore: decorator
@inline
export function outOf(tile: TileArguments, block: i32, x: usize): usize {
  return (
    tile.out +
    <usize>tile.y * tile.outRow +
    x * tile.outPixel +
    <usize>tile.first * tile.outStep +
    (<usize>block << 1)
  );
}

/** Adds eight numbers of 16 bits to eight of 32. */
// @ts-ignore: decorator
@inline
export function addShorts(counts: usize, shorts: v128): void {
  v128.store(counts, i32x4.add(v128.load(counts), i32x4.extend_low_i16x8_s(shorts)));
  v128.store(counts, i32x4.add(v128.load(counts, 16), i32x4.extend_high_i16x8_s(shorts)), 16);
}

/**
 * What is left of V as a number whose quotient by θ, rounded down, is |⌊V/θ⌋|: V itself, or θ − 1 − V where V < 0.
 *
 * @param sign −1 where V < 0, else 0
 */
// @ts-ignore: decorator
@inline
export function magnitudeOf(v: v128, sign: v128, theta: v128): v128 {
  return i32x4.add(v128.xor(v, sign), v128.and(sign, theta));
}

/** −x where `sign` is −1, x where it is 0. */
// @ts-ignore: decorator
@inline
export function withSign32(x: v128, sign: v128): v128 {
  return i32x4.sub(v128.xor(x, sign), sign);
}
/** The same in 16 bits. */
// @ts-ignore: decorator
@inline
export function withSign16(x: v128, sign: v128): v128 {
  return i16x8.sub(v128.xor(x, sign), sign);
}
