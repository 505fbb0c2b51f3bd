/**
 * Times at which counts are summed up, in the midst of tiles: the host reads sums instead of counts, and tiles stay as
 * long as they are.
 */
import { sumCounts } from "./sum-counts";
import { TileArguments } from "./tile-arguments";

@unmanaged
export class ObservedTime {
  /** Steps that are run by then, counted from the start of the spike buffers. */
  step: i32;
  /** Σ|s| of all rows and blocks, and its two weighted sums; exact. */
  plain: i64;
  first: i64;
  second: i64;
}

export const observedSize: usize = offsetof<ObservedTime>();

/** Behind the last observed time that the tile under way reaches, from `observed` on. */
export function pastObserved(tile: TileArguments, observed: usize): usize {
  const past = tile.observed + <usize>tile.observedCount * observedSize;
  while (observed < past && changetype<ObservedTime>(observed).step <= tile.last) observed += observedSize;
  return observed;
}

/** Adds the counts of the tile's row, as they are now, to the sums of a time. */
export function sumRow(tile: TileArguments, time: ObservedTime): void {
  const counts = tile.lo < 0 ? tile.magnitude : tile.count;
  const sums = changetype<usize>(time) + offsetof<ObservedTime>("plain");
  const length = tile.width * 16;
  for (let block = 0; block < tile.blocks; block++) {
    const at = <usize>(block * tile.blockElements + tile.y * length) << 2;
    sumCounts(counts + at, tile.firstWeights + at, tile.secondWeights + at, length, sums);
  }
}
