/** Current kernel: a word of 16 channels a pixel, as most shortcuts have, all planes of its source in one walk (plane-stack.ts). */
import { noteCall } from "./calls";
import { hasRow, listPlanes, maskPlanes, segmentOf, StackedPlane, stackedSize, StackStep, stackStepSize } from "./plane-stack";
import { baseOf, Pass, sumPixel, sumsOf, TileArguments } from "./tile-arguments";

export function stackWords16(tile: TileArguments, pass: Pass): void {
  noteCall(30);
  if (tile.y == 0) maskPlanes(tile, pass);
  const starts = pass.starts != 0;
  // where its row does not exist nothing is added, but sums that it starts are still to be begun
  if (!hasRow(tile, pass, 0) && !starts) return;
  const planes = listPlanes(tile, pass, 0, 1);
  const segment = segmentOf(pass);
  const table = segment.table;
  const steps = tile.stacks;
  const sumBytes = sumPixel<i16>(tile);
  const bytes = <usize>(tile.last - tile.first) << 5;
  const fromStep: usize = starts ? 0 : 32;
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    let sum = sumsOf<i16>(tile, pass.block) + x * sumBytes;
    let from = starts ? baseOf<i16>(tile, pass.block) + (x << 5) : sum;
    const offset = x * segment.sourcePixel;
    let step = steps;
    let plane = planes;
    for (const past = sum + bytes; sum < past; sum += 32, from += fromStep, step += stackStepSize) {
      let a0 = i16x8.splat(0);
      let a1 = i16x8.splat(0);
      for (const end = changetype<StackStep>(step).end; plane < end; plane += stackedSize) {
        const factor = v128.load16_splat(plane, offsetof<StackedPlane>("factor"));
        const bits = <usize>load<u16>(changetype<StackedPlane>(plane).row0 + offset);
        const low = table + ((bits << 5) & 0x1fe0);
        const high = table + ((bits >> 3) & 0x1fe0);
        a0 = i16x8.add(i16x8.mul(a0, factor), i16x8.add(v128.load(low), v128.load(high, 8512)));
        a1 = i16x8.add(i16x8.mul(a1, factor), i16x8.add(v128.load(low, 16), v128.load(high, 8528)));
      }
      const last = v128.load16_splat(step, offsetof<StackStep>("factor"));
      v128.store(sum, i16x8.add(v128.load(from), i16x8.mul(a0, last)));
      v128.store(sum, i16x8.add(v128.load(from, 16), i16x8.mul(a1, last)), 16);
    }
  }
}
