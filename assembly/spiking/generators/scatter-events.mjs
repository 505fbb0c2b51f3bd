/** Writes the inner loops of the scatter kernel: sums stay in registers over a word's spikes where they fit. */
import { sumPixel } from "./tables-of-twelve.mjs";
import { kernelFile, list } from "./unroll.mjs";

const isOne = (blocks) => blocks < 4;

/**
 * Adds the spikes of a source pixel, over the steps of a tile, to the sums of `targets` pixels that hear it. Sums stay in
 * registers over a word's spikes where they fit.
 */
const scatter = (blocks, targets, isScaled) => {
  const registers = blocks * 2;
  const each = (line) => list(targets, (j) => list(registers, (k) => line(j, k)));
  const offset = (k) => (k >> 1) * sumPixel + (k & 1) * 16;
  const weight = (j, k) => {
    const loaded = `v128.load(w${j} + r, ${k * 16})`;
    return isScaled ? `i16x8.mul(${loaded}, coefficient)` : loaded;
  };
  const parameters = list(targets, (j) => `, s${j}: usize, w${j}: usize`);
  const held = isOne(blocks);
  return `
function scatter${blocks}To${targets}${isScaled ? "Scaled" : ""}(tile: TileArguments, ${isScaled ? "pass: Pass, " : ""}window: EventWindow, word: usize${parameters}): void {
  const bytes = <usize>window.pixelBytes;
  const step = window.sourceStep;
  const past = s0 + (<usize>(tile.last - tile.first) << 5);${isScaled ? "\n  const coefficient = coefficientOf(pass);" : ""}
  for (; s0 < past; word += step${list(targets, (j) => `, s${j} += 32`)}) {
    for (let at: usize = 0; at < bytes; at += 2) {
      let bits = <u32>load<u16>(word + at);
      if (bits == 0) continue;
      const first = at * ${8 * blocks * 32};${
        held
          ? each((j, k) => `
      let a${j}_${k} = v128.load(s${j}, ${offset(k)});`)
          : ""
      }
      do {
        const r = first + <usize>ctz(bits) * ${blocks * 32};
        bits &= bits - 1;${each((j, k) =>
          held
            ? `
        a${j}_${k} = i16x8.add(a${j}_${k}, ${weight(j, k)});`
            : `
        v128.store(s${j}, i16x8.add(v128.load(s${j}, ${offset(k)}), ${weight(j, k)}), ${offset(k)});`,
        )}
      } while (bits != 0);${
        held
          ? each((j, k) => `
      v128.store(s${j}, a${j}_${k}, ${offset(k)});`)
          : ""
      }
    }
  }
}
`;
};

const scatterOf = (blocks) => `${[1, 3].flatMap((targets) => [false, true].map((isScaled) => scatter(blocks, targets, isScaled))).join("")}
/** Adds a source row's spikes, seen through row \`ky\` of the window, to the sums of ${blocks * 16} output channels. */
export function scatterRow${blocks}(tile: TileArguments, pass: Pass, window: EventWindow, spikes: usize, ky: i32): void {
  const isScaled = pass.shift != 0 || pass.negative != 0;
  const weights = window.weights + <usize>(ky * window.rowEntries) * ${blocks * 32};
  const columnBytes = <usize>window.columnEntries * ${blocks * 32};
  const sums = sumsOf<i16>(tile, pass.block);
  const pixelBytes = sumPixel<i16>(tile);
  for (let column = 0; column < window.sourceWidth; column++, spikes += window.pixelBytes) {
    for (let kx = 0; kx < window.kernelWidth; kx++) {
      const x = targetOf(window, column, kx, tile.width);
      if (x < 0) continue;
      const s0 = sums + <usize>x * pixelBytes;
      const w0 = weights + <usize>kx * columnBytes;
      // the next two columns of the window belong to the pixels before, where all lie side by side
      if (window.columnStride == 1 && kx + 2 < window.kernelWidth && x >= 2) {
        const s1 = s0 - pixelBytes;
        const s2 = s1 - pixelBytes;
        const w1 = w0 + columnBytes;
        const w2 = w1 + columnBytes;
        if (isScaled) scatter${blocks}To3Scaled(tile, pass, window, spikes, s0, w0, s1, w1, s2, w2);
        else scatter${blocks}To3(tile, window, spikes, s0, w0, s1, w1, s2, w2);
        kx += 2;
      } else if (isScaled) scatter${blocks}To1Scaled(tile, pass, window, spikes, s0, w0);
      else scatter${blocks}To1(tile, window, spikes, s0, w0);
    }
  }
}
`;

const about = [
  "The inner loops of the scatter kernel: a spike adds its weights to the sums of all that hear it, read and written",
  "for it alone; a word without spikes costs a test.",
];
const imports = `import { EventWindow } from "../event-arguments";
import { coefficientOf, Pass, sumPixel, sumsOf, TileArguments } from "../tile-arguments";`;
const helpers = `
/** The target column that hears a source column at column kx of the window; −1 for none. */
function targetOf(window: EventWindow, column: i32, kx: i32, width: i32): i32 {
  const from = column - window.columnOffset - kx;
  if (from < 0 || from % window.columnStride != 0) return -1;
  const x = from / window.columnStride;
  return x < width ? x : -1;
}
`;

export const files = [
  kernelFile("scatter-events.ts", "scatter-events.mjs", about, imports, helpers + [1, 2, 4].map(scatterOf).join("")),
];
