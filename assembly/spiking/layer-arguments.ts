/**
 * The arguments of a kernel: 32-bit words in memory, by name. The host writes them in this order
 * (src/simulator/wasm/memory-layout.ts).
 */

/** Of a block of 16 output channels. */
@unmanaged
export class BlockArguments {
  height: i32;
  width: i32;
  /** Steps to run, counted from the start of the spike buffers. */
  firstStep: i32;
  endStep: i32;
  segmentCount: i32;
  /** Segment[] */
  segments: usize;
  /** ActiveSegment[], scratch of the same length. */
  active: usize;
  /** Output spikes: the word of (y 0, t 0, x 0), and strides in bytes. */
  out: usize;
  outRow: usize;
  outStep: usize;
  outPixel: usize;
  /** [y][x][16] */
  potential: usize;
  count: usize;
  base: usize;
  /** [16] */
  threshold: usize;
  resetToZero: i32;
  /** The first row of the 3×3 window of the rows kernels, and zeros as long as a tile of the source. */
  rows: Segment;
  zeros: usize;
  /** Room for sums under way: [x][32 steps][16] int16. */
  partial: usize;
}

/** A run of source bytes that lie side by side in every window. */
@unmanaged
export class Segment {
  /** Spikes of the source: the byte that the target (·, x 0) reads of row 0 at t 0. */
  source: usize;
  sourceRow: usize;
  sourceStep: usize;
  /** Bytes from the window of a target to that of its right neighbour. */
  sourcePixel: usize;
  sourceHeight: i32;
  /** Source row of target row y: y·rowStride + rowOffset. */
  rowStride: i32;
  rowOffset: i32;
  /** Bytes, an even number. */
  bytes: i32;
  table: usize;
}

@unmanaged
export class ActiveSegment {
  source: usize;
  sourceStep: usize;
  sourcePixel: usize;
  bytes: i32;
  table: usize;
  /** Where the loop over steps stands. */
  at: usize;
}

export const segmentSize: usize = offsetof<Segment>();
export const activeSize: usize = offsetof<ActiveSegment>();

/** Steps that are run pixel by pixel, so that three rows of spikes stay in the first cache. */
export const tileSteps: i32 = 32;

/** Lists the segments whose source row exists for target row y; returns how many. */
export function activateSegments(block: BlockArguments, y: i32): i32 {
  let active = block.active;
  let count = 0;
  for (let s = 0; s < block.segmentCount; s++) {
    const segment = changetype<Segment>(block.segments + <usize>s * segmentSize);
    const row = y * segment.rowStride + segment.rowOffset;
    if (row < 0 || row >= segment.sourceHeight) continue;
    const entry = changetype<ActiveSegment>(active);
    entry.source = segment.source + <usize>row * segment.sourceRow;
    entry.sourceStep = segment.sourceStep;
    entry.sourcePixel = segment.sourcePixel;
    entry.bytes = segment.bytes;
    entry.table = segment.table;
    active += activeSize;
    count++;
  }
  return count;
}

/** Sets every active segment to pixel x and step t. */
// @ts-ignore: decorator
@inline
export function seekSegments(active: usize, count: i32, x: usize, t: usize): void {
  for (let s = 0; s < count; s++) {
    const entry = changetype<ActiveSegment>(active + <usize>s * activeSize);
    entry.at = entry.source + x * entry.sourcePixel + t * entry.sourceStep;
  }
}
