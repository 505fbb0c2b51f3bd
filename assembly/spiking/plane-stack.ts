/**
 * The planes of a source in one walk over the window: Σ ±2^k·(sums of a plane) as a polynomial, from the highest plane down, so that
 * sums stay in registers and planes without spikes in the rows of a window are left out.
 *
 * Knows: which planes have spikes. May not know: tables.
 */
import { Segment } from "./segments";
import { Pass, passSize, TileArguments, tileSteps } from "./tile-arguments";

/** A Segment, then its plane: shift, negative. The host writes the planes of a pass with shifts descending: of two's complement the sign's is the first. */
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

/** Row `ky` of the window at step t and column 0 in the pass's first plane, 0 where there is none. */
// @ts-ignore: decorator
@inline
function rowAt(tile: TileArguments, pass: Pass, ky: i32, t: i32): usize {
  const rows = segmentOf(pass);
  const row = tile.y * rows.rowStride + rows.rowOffset + ky;
  if (row < 0 || row >= rows.sourceHeight) return 0;
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
  let any = v128.load(row);
  for (let at: usize = 16; at < bytes; at += 16) any = v128.or(any, v128.load(row + at));
  return v128.any_true(any);
}

/** Where the pass notes which planes have spikes: 16 bits a source row and step of the tile, [row][32 steps]. */
// @ts-ignore: decorator
@inline
function masksOf(tile: TileArguments, pass: Pass): usize {
  return tile.masks + ((changetype<usize>(pass) - tile.passes) / passSize) * tile.maskBytes;
}

/** Whether the planes of the pass are those of two's complement. */
// @ts-ignore: decorator
@inline
function isComplement(pass: Pass): bool {
  return pass.shift != 0;
}

/**
 * Notes them for the tile's steps; before its first row, for all rows read them. Of two's complement bit 0 tells whether there
 * is a sign, and bit k whether plane k has anything that does not repeat it.
 */
export function maskPlanes(tile: TileArguments, pass: Pass): void {
  const masks = masksOf(tile, pass);
  const height = <usize>segmentOf(pass).sourceHeight;
  memory.fill(masks, 0, height * <usize>(tileSteps << 1));
  const sign = segmentOf(pass).source;
  const isSigned = isComplement(pass);
  for (let s = 0; s < pass.segmentCount; s++) {
    const rows = changetype<Segment>(pass.segments + <usize>s * stackSegmentSize);
    const bytes = rows.sourceStep;
    const toSign = isSigned && s > 0 ? sign - rows.source : 0;
    for (let row: usize = 0; row < height; row++) {
      let spikes = rows.source + row * rows.sourceRow + <usize>tile.first * bytes;
      let mask = masks + row * <usize>(tileSteps << 1);
      for (let t = tile.first; t < tile.last; t++, spikes += bytes, mask += 2) {
        const has = toSign == 0 ? hasSpikes(spikes, bytes) : differ(spikes, spikes + toSign, bytes);
        if (has) store<u16>(mask, <u16>(<u32>load<u16>(mask) | (1 << s)));
      }
    }
  }
}

/** Whether two rows differ; it may say so for two that do not. */
function differ(one: usize, other: usize, bytes: usize): bool {
  let any = v128.xor(v128.load(one), v128.load(other));
  for (let at: usize = 16; at < bytes; at += 16) any = v128.or(any, v128.xor(v128.load(one + at), v128.load(other + at)));
  return v128.any_true(any);
}

/** Of two's complement the planes below the highest that does not repeat the sign, and the sign. */
// @ts-ignore: decorator
@inline
function neededOf(planes: u32, count: i32): u32 {
  const bits = planes & ~1;
  // planes from the highest down are bits from 1 up
  return bits == 0 ? planes : (planes & 1) | ((1 << count) - (1 << ctz(bits)));
}

/** The planes with spikes in rows ky…ky+count−1 of the window at step t. */
function planesOf(tile: TileArguments, pass: Pass, t: i32, ky: i32, count: i32): u32 {
  const rows = segmentOf(pass);
  const masks = masksOf(tile, pass) + (<usize>(t - tile.first) << 1);
  const first = tile.y * rows.rowStride + rows.rowOffset + ky;
  let planes: u32 = 0;
  for (let row = max(0, first); row < min(rows.sourceHeight, first + count); row++)
    planes |= <u32>load<u16>(masks + <usize>row * <usize>(tileSteps << 1));
  return planes;
}

/** Lists the planes with spikes in rows ky…ky+count−1 of the window at step t from `to` on; returns the list's end. */
function listStep(tile: TileArguments, pass: Pass, t: i32, ky: i32, count: i32, list: usize): usize {
  let to = list;
  let shift = 0;
  let negative = 0;
  // rows of the first plane; the others lie as far apart as their sources
  const first = segmentOf(pass).source;
  const row0 = rowAt(tile, pass, ky, t);
  const row1 = count == 3 ? rowAt(tile, pass, ky + 1, t) : 0;
  const row2 = count == 3 ? rowAt(tile, pass, ky + 2, t) : 0;
  const isSigned = isComplement(pass);
  const seen = planesOf(tile, pass, t, ky, count);
  const needed = isSigned ? neededOf(seen, pass.segmentCount) : seen;
  // the sign stands for the negative of twice the highest plane that is left
  const repeated = isSigned && (needed & 1) != 0 ? (needed == 1 ? pass.segmentCount - 1 : ctz(needed & ~1) - 1) : 0;
  for (let planes = needed; planes != 0; planes &= planes - 1) {
    const at = pass.segments + <usize>ctz(planes) * stackSegmentSize;
    const apart = changetype<Segment>(at).source - first;
    const plane = changetype<StackedPlane>(to);
    plane.row0 = row0 == 0 ? tile.zeros : row0 + apart;
    plane.row1 = row1 == 0 ? tile.zeros : row1 + apart;
    plane.row2 = row2 == 0 ? tile.zeros : row2 + apart;
    const nextShift = load<i32>(at, offsetof<Segment>()) - (to == list ? repeated : 0);
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
