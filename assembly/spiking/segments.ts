/** Runs of source bytes that lie side by side in every window of a target row. */

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

/** Lists the segments whose source row exists for target row y; returns how many. */
export function activateSegments(segments: usize, segmentCount: i32, active: usize, y: i32): i32 {
  let count = 0;
  for (let s = 0; s < segmentCount; s++) {
    const segment = changetype<Segment>(segments + <usize>s * segmentSize);
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
