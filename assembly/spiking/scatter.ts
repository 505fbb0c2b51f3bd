/**
 * Current kernel: scatter, for any window whose columns lie side by side, over int16 weights. Takes an event window as the event
 * list does, without lists: what costs is the spikes, and a test a word of the source.
 *
 * Knows: which rows of the source a row hears. May not know: weights (scatter-events.ts).
 */
import { noteCall } from "./calls";
import { EventWindow } from "./event-arguments";
import { scatterRow1, scatterRow2, scatterRow4 } from "./generated/scatter-events";
import { baseOf, Pass, sumPixel, sumsOf, TileArguments } from "./tile-arguments";

/** Sums begin as the constant current. */
function fillSums(tile: TileArguments, pass: Pass): void {
  const bytes = <usize>(tile.last - tile.first) << 5;
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = pass.block; block < pass.block + pass.blocks; block++) {
      const base = baseOf<i16>(tile, block) + (x << 5);
      const b0 = v128.load(base);
      const b1 = v128.load(base, 16);
      const first = sumsOf<i16>(tile, block) + x * sumPixel<i16>(tile);
      for (let sum = first; sum < first + bytes; sum += 32) {
        v128.store(sum, b0);
        v128.store(sum, b1, 16);
      }
    }
  }
}

export function addScatter(tile: TileArguments, pass: Pass): void {
  noteCall(24);
  const window = changetype<EventWindow>(pass.segments);
  if (pass.starts) fillSums(tile, pass);
  for (let ky = 0; ky < window.kernelHeight; ky++) {
    const row = tile.y * window.rowStride + window.rowOffset + ky * window.rowDilation;
    if (row < 0 || row >= window.sourceHeight) continue;
    const spikes = window.source + <usize>row * window.sourceRow + <usize>tile.first * window.sourceStep;
    if (pass.blocks == 1) scatterRow1(tile, pass, window, spikes, ky);
    else if (pass.blocks == 2) scatterRow2(tile, pass, window, spikes, ky);
    else scatterRow4(tile, pass, window, spikes, ky);
  }
}
