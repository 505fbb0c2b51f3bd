/**
 * Writes slide-values.ts: the inner loop of the event list for windows of three columns side by side that move on by one.
 *
 * A spike is read once and added to the three pixels that hear it, whose sums lie in registers: those of a pixel begin with the
 * first column of its window and are stored behind the last. gather-values.ts reads it three times.
 */
import { kernelFile, list } from "./unroll.mjs";

const blockBytes = 32 * 32 + 64;
/** Where register k of a pixel's sums lies: [block][32 steps][16]. */
const placeOf = (k) => (k >> 1) * blockBytes + (k & 1) * 16;

/** The pixels under way: from the newest, which hears a column first, to the oldest. */
const pixels = ["n", "m", "o"];

const slide = (blocks) => {
  const count = blocks * 2;
  const fromOf = (k) => `v128.load(from + ${k >> 1} * fromBlock, ${(k & 1) * 16})`;
  // a store between additions keeps engines from hoisting the loads of all of them
  const addTo = (pixel, row) =>
    list(count, (k) => `
        ${pixel}${k} = i16x8.add(${pixel}${k}, i16x8.mul(v128.load(${row}, ${k * 16}), value));${k % 4 === 3 ? `\n        v128.store(held, ${pixel}${k});` : ""}`);
  return `
/** Adds the listed spikes of a tile, each times its value, to its sums, for ${blocks * 16} output channels. */
export function slideValues${blocks}(tile: TileArguments, pass: Pass, window: EventWindow): void {
  const width = tile.width;
  const sourceWidth = window.sourceWidth;
  const offset = window.columnOffset;
  const toPixel = sumPixel<i16>(tile);
  const starts = pass.starts != 0;
  const fromPixel: usize = starts ? 32 : toPixel;
  const fromStep: usize = starts ? 0 : 32;
  const fromBlock: usize = starts ? <usize>tile.blockElements << 1 : ${blockBytes};
  const columnBytes = <usize>window.columnEntries * ${blocks * 32};
  const startStep = <usize>(sourceWidth + 1) << 2;
  let sums = sumsOf<i16>(tile, pass.block);
  let froms = starts ? baseOf<i16>(tile, pass.block) : sums;
  let at = window.starts;
  for (let step = tile.first; step < tile.last; step++, at += startStep, sums += 32, froms += fromStep) {
    let from = froms;
    let to = sums - 2 * toPixel;
    let weights = window.weights - <usize>offset * columnBytes;${list(count, (k) => `
    let m${k} = i16x8.splat(0);
    let o${k} = i16x8.splat(0);`)}
    for (let x = 0; x < width + 2; x++, weights -= columnBytes, from += fromPixel, to += toPixel) {${list(count, (k) => `
      let n${k} = i16x8.splat(0);`)}
      if (x < width) {${list(count, (k) => `
        n${k} = ${fromOf(k)};`)}
      }
      const column = x + offset;
      if (<u32>column < <u32>sourceWidth) {
        let p = <usize>load<u32>(at + (<usize>column << 2));
        const q = <usize>load<u32>(at + (<usize>column << 2), 4);
        for (; p < q; p += 2) {
          const value = i16x8.shr_s(v128.load16_splat(p), 12);
          const r0 = weights + (<usize>load<u16>(p) & 0xfff) * ${blocks * 32};
          const r1 = r0 + columnBytes;
          const r2 = r1 + columnBytes;${pixels.map((pixel, kx) => addTo(pixel, `r${kx}`)).join("")}
        }
      }
      if (x >= 2) {${list(count, (k) => `
        v128.store(to, o${k}, ${placeOf(k)});`)}
      }${list(count, (k) => `
      o${k} = m${k};
      m${k} = n${k};`)}
    }
  }
}
`;
};

const about = [
  "The inner loop of the event list where spikes are listed by value (list-values.ts), for windows of three columns side by side that",
  "move on by one: each spike is read once for the three pixels that hear it.",
];
const imports = `import { EventWindow } from "../event-arguments";
import { baseOf, Pass, sumPixel, sumsOf, TileArguments } from "../tile-arguments";`;
const helpers = `
/** Where sums under way are stored so that engines keep loads and additions in order; nobody reads it. */
const held = memory.data(16, 16);

/** Whether a window is one that slides, and for so many blocks of outputs. */
export function slides(window: EventWindow, blocks: i32): bool {
  return window.kernelWidth == 3 && window.columnStride == 1 && blocks <= 2;
}
`;

export const files = [
  kernelFile("slide-values.ts", "slide-values.mjs", about, imports, helpers + [1, 2].map(slide).join("")),
];
