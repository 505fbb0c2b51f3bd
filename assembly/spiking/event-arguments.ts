/** The arguments of an event window: 32-bit words in memory, by name. The host writes them in this order (src/simulator/wasm/memory/event-memory.ts). */
@unmanaged
export class EventWindow {
  /** Spikes of the source: the word (where they lie as bytes, the byte) of (y 0, t 0, x 0), and strides in bytes. */
  source: usize;
  sourceRow: usize;
  sourceStep: usize;
  sourceHeight: i32;
  sourceWidth: i32;
  /** Bytes of a pixel. */
  pixelBytes: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  /** Source row y·rowStride + rowOffset + ky·rowDilation; columns likewise, side by side. */
  rowStride: i32;
  rowOffset: i32;
  rowDilation: i32;
  columnStride: i32;
  columnOffset: i32;
  /** Entries of a column, which are rows of weights: channels. Of a row of the window: channels·kernelWidth. */
  columnEntries: i32;
  rowEntries: i32;
  /** [ky][kx][channel][outputs that are run together] int16 */
  weights: usize;
  /** How many source rows are kept as lists; row r is kept at r mod ring, `held` says which. */
  ring: i32;
  held: usize;
  /** [ring][32 steps][stepBytes] offsets, 16 bits each; [ring][32 steps][width + 1] where each column's begin. */
  rows: usize;
  rowStarts: usize;
  stepBytes: usize;
  /** The same of all rows of the window: [32 steps][mergedBytes], [32 steps][width + 1]. */
  merged: usize;
  mergedBytes: usize;
  starts: usize;
  /** Positions of the bits of a byte, [256][8] 16 bits each, filled by `fillPositions`. */
  positions: usize;
  /** [kernelHeight]: where the lists of a row begin, and what its offsets have to be raised by. Scratch. */
  sources: usize;
  /** Where spikes are listed by value: planes (0 where they lie as bytes), bytes from one to the next, what a bit of each stands for, 16 bits each. */
  planes: i32;
  planeBytes: usize;
  coefficients: usize;
}
