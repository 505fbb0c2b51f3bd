/**
 * The arguments of a rows kernel, which runs one block of 16 output channels from spikes to spikes: 32-bit words in memory, by name.
 * The host writes them in this order (src/simulator/wasm/kernel-commands.ts).
 */
import { Segment } from "./segments";

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
