/**
 * The arguments of a layer that is run tile by tile: 32-bit words in memory, by name. The host writes them in this order
 * (src/simulator/wasm/memory/tile-commands.ts).
 *
 * A tile is one row of neurons over at most 32 steps, for one or more blocks of 16 channels. Current kernels add to
 * its sums, [x][block][32 steps and a line][16] in the layer's lanes (int16, int32 or float32); a neuron kernel turns finished
 * sums into V, spikes and counts.
 */

@unmanaged
export class TileArguments {
  height: i32;
  width: i32;
  /** Steps to run, counted from the start of the spike buffers. */
  firstStep: i32;
  endStep: i32;
  /** Blocks of 16 channels that are run together. */
  blocks: i32;
  passCount: i32;
  /** Pass[], the neuron kernel's not among them. */
  passes: usize;
  /** ActiveSegment[], scratch. */
  active: usize;
  /** Sums under way. */
  sums: usize;
  /** Constant current, [block][y][x][16] in the layer's lanes; V and counts, the same in 32 bits (between the steps of a tile of a layer that refines −N as a float). Of the first block. */
  base: usize;
  potential: usize;
  count: usize;
  /** Elements of a block: height·width·16. */
  blockElements: i32;
  /** θ, [block][16]. */
  threshold: usize;
  resetToZero: i32;
  /** Output spikes: the word of (plane 0, y 0, t 0, x 0, first block), and strides in bytes; 0 where nobody reads planes. */
  out: usize;
  outRow: usize;
  outStep: usize;
  outPixel: usize;
  outPlane: usize;
  /** Smallest and largest spike. */
  lo: i32;
  hi: i32;
  /** Σ|s|, laid out as the counts; where lo < 0. */
  magnitude: usize;
  /** fireBinary16, … (run-tiles.ts) */
  neuron: i32;
  /** Zeros as long as a tile of a row of any source. */
  zeros: usize;
  /** Bytes from the sums of a step to those of the next; 0 where the constant current is all there is. */
  sumStep: usize;
  /** ObservedTime[], ascending (observed-times.ts); weights of counts, laid out as the counts, of the first block. */
  observed: usize;
  observedCount: i32;
  firstWeights: usize;
  secondWeights: usize;
  /** How many spikes were not 0, laid out as the counts; of layers that refine. */
  events: usize;
  /** Before the steps halveFirst…halveEnd−1 V and counts are doubled `shift` times, where the layer refines. */
  halveFirst: i32;
  halveEnd: i32;
  shift: i32;
  /** V before the first step of all, laid out as V; 0 where the first step was run before. */
  start: usize;
  /** The step after which nothing follows, and what is wanted then: 1 Σ|s| and events, 2 counts, 4 V. Some kernels leave out the rest. */
  finalStep: i32;
  wanted: i32;
  /** Of layers that refine with θ below 2¹⁵: 1/θ and δ of src/simulator/wasm/planning/nearest-spike.ts, [block][2][16] float32. */
  nearest: usize;
  /** Room for the lists of plane-stack.ts, StackStep[32], then StackedPlane[]. */
  stacks: usize;
  /** Room where passes over many planes note which have spikes (plane-stack.ts), and its bytes a pass. */
  masks: usize;
  maskBytes: usize;
  /** Output spikes as bytes, (y 0, t 0, x 0) of the first block, and strides in bytes; 0 where nobody reads them. */
  values: usize;
  valuesRow: usize;
  valuesStep: usize;
  valuesPixel: usize;
  /** Whether planes are those of two's complement: of layers that refine. */
  complement: i32;
  /** The tile under way: its row, and its steps first…last−1. Set by runTiles. */
  y: i32;
  first: i32;
  last: i32;
}

/** One current kernel's work on a tile: adds ±2^shift · (sums of weights over the bits of a plane). */
@unmanaged
export class Pass {
  /** addTables16, … (run-tiles.ts) */
  kernel: i32;
  /** The first block that it adds to, and how many. */
  block: i32;
  blocks: i32;
  /** Whether it is the first of its block, which starts from the constant current instead of the sums. */
  starts: i32;
  /** Of passes over all planes at once: 1 where these are those of two's complement. */
  shift: i32;
  negative: i32;
  segmentCount: i32;
  /** Segment[]; the first row of a 3×3 window for tables of 12; an EventWindow for events. */
  segments: usize;
}

/** ±2^shift in all lanes; products and sums of 16 bits wrap, and the finished sum fits. */
export function coefficientOf(pass: Pass): v128 {
  const size: i32 = 1 << pass.shift;
  return i16x8.splat(<i16>(pass.negative ? -size : size));
}

/** The same in lanes of 32 bits. */
export function coefficientOfInt(pass: Pass): v128 {
  const size: i32 = 1 << pass.shift;
  return i32x4.splat(pass.negative ? -size : size);
}

/** Whether the tile's first step is the first of all: V is still at `start`, and nothing is counted. */
// @ts-ignore: decorator
@inline
export function isFirst(tile: TileArguments): bool {
  return tile.start != 0 && tile.first == 0;
}

/** What is stored after the tile's last step: all where more steps follow, else what is wanted. */
// @ts-ignore: decorator
@inline
export function storedOf(tile: TileArguments): i32 {
  return tile.last == tile.finalStep ? tile.wanted : 7;
}

export const passSize: usize = offsetof<Pass>();

/** Steps of a tile. */
export const tileSteps: i32 = 32;

/** Bytes of the sums of a pixel and block: 32 steps, and a line more, so that neighbours do not share a cache set. */
// @ts-ignore: decorator
@inline
export function sumBlock<T>(): usize {
  return 32 * 16 * sizeof<T>() + 64;
}

// @ts-ignore: decorator
@inline
export function sumsOf<T>(tile: TileArguments, block: i32): usize {
  return tile.sums + <usize>block * sumBlock<T>();
}

/** Bytes from the sums of a pixel to those of the next. */
// @ts-ignore: decorator
@inline
export function sumPixel<T>(tile: TileArguments): usize {
  return <usize>tile.blocks * sumBlock<T>();
}

/** The constant current of (block, y, x 0). */
// @ts-ignore: decorator
@inline
export function baseOf<T>(tile: TileArguments, block: i32): usize {
  return tile.base + <usize>(block * tile.blockElements + tile.y * tile.width * 16) * sizeof<T>();
}
