/**
 * The planes of a source in one walk over the window: Σ ±2^k·(sums of a plane) as a polynomial, from the highest plane down, so that
 * sums stay in registers and planes without spikes in the rows of a window are left out.
 *
 * Knows: which planes have spikes. May not know: tables.
 */
import { Segment } from "./segments";
import { Pass, TileArguments, tileSteps } from "./tile-arguments";

/** A Segment, then its plane: shift, negative. The host writes the planes of a pass with shifts descending. */
const stackSegmentSize: usize = offsetof<Segment>() + 8;

/** A plane that has spikes: its rows at the step, and what sums so far are multiplied by before it is added. */
@unmanaged
export class StackedPlane {
  row0: usize;
  row1: usize;
  row2: usize;
  factor: i32;
}

export const stackedSize: usize = offsetof<StackedPlane>();

/** A step's planes end here; what the sums have to be multiplied by behind the last: ±2^k. */
@unmanaged
export class StackStep {
  end: usize;
  factor: i32;
}

export const stackStepSize: usize = offsetof<StackStep>();

/** Of the last step that was listed. */
let lastFactor: i32 = 1;

/** The first segment of a pass; of tables of 12 all differ in `source` alone. */
// @ts-ignore: decorator
@inline
export function segmentOf(pass: Pass): Segment {
  return changetype<Segment>(pass.segments);
}

/** Row `ky` of the window at step t and column 0, or a row without spikes where there is none. */
function rowAt(tile: TileArguments, rows: Segment, ky: i32, t: i32): usize {
  const row = tile.y * rows.rowStride + rows.rowOffset + ky;
  if (row < 0 || row >= rows.sourceHeight) return tile.zeros;
  return rows.source + <usize>row * rows.sourceRow + <usize>t * rows.sourceStep;
}

/** Whether row `ky` of the window exists. */
export function hasRow(tile: TileArguments, pass: Pass, ky: i32): bool {
  const rows = segmentOf(pass);
  const row = tile.y * rows.rowStride + rows.rowOffset + ky;
  return row >= 0 && row < rows.sourceHeight;
}

/** Whether a step of a row has spikes; it may say so for one without. */
function hasSpikes(row: usize, bytes: usize): bool {
  for (let at: usize = 0; at < bytes; at += 16) if (v128.any_true(v128.load(row + at))) return true;
  return false;
}

/** Lists the planes with spikes in rows ky…ky+count−1 of the window at step t from `to` on; returns the list's end. */
function listStep(tile: TileArguments, pass: Pass, t: i32, ky: i32, count: i32, list: usize): usize {
  let to = list;
  let shift = 0;
  let negative = 0;
  for (let s = 0; s < pass.segmentCount; s++) {
    const at = pass.segments + <usize>s * stackSegmentSize;
    const rows = changetype<Segment>(at);
    const bytes = rows.sourceStep;
    const plane = changetype<StackedPlane>(to);
    plane.row0 = rowAt(tile, rows, ky, t);
    if (count == 3) {
      plane.row1 = rowAt(tile, rows, ky + 1, t);
      plane.row2 = rowAt(tile, rows, ky + 2, t);
    }
    if (!(hasSpikes(plane.row0, bytes) || (count == 3 && (hasSpikes(plane.row1, bytes) || hasSpikes(plane.row2, bytes))))) continue;
    const nextShift = load<i32>(at, offsetof<Segment>());
    const nextNegative = load<i32>(at, offsetof<Segment>() + 4);
    // the first one meets sums of 0
    const factor = to == list ? 1 : 1 << (shift - nextShift);
    plane.factor = negative == nextNegative ? factor : -factor;
    shift = nextShift;
    negative = nextNegative;
    to += stackedSize;
  }
  lastFactor = negative != 0 ? -(1 << shift) : 1 << shift;
  return to;
}

/** Lists the planes of all steps of the tile at `tile.stacks`; returns where those of the first step begin. */
export function listPlanes(tile: TileArguments, pass: Pass, ky: i32, count: i32): usize {
  const first = tile.stacks + <usize>tileSteps * stackStepSize;
  let list = first;
  let step = tile.stacks;
  for (let t = tile.first; t < tile.last; t++, step += stackStepSize) {
    list = listStep(tile, pass, t, ky, count, list);
    changetype<StackStep>(step).end = list;
    changetype<StackStep>(step).factor = lastFactor;
  }
  return first;
}
