/**
 * Writes gather-events.ts and gather-values.ts: the inner loops of the event list, unrolled over the registers of a pixel's sums.
 *
 * Sums of 16 bits hold up to 64 outputs in registers; one that is under way is stored where the finished one will lie, since engines
 * would else hoist the loads and spill. Sums of 32 bits add weights of 16 and hold up to 32 outputs: 64 take two walks. Spikes by value
 * multiply the weights; for sums of 32 bits two events at a time, whose products are added in pairs.
 */
import { kernelFile, list } from "./unroll.mjs";

/** What differs by the sums' type: registers of a block of 16, bytes of a step. */
const narrow = {
  name: "",
  type: "i16",
  registers: 2,
  stepBytes: 32,
  add: "i16x8.add",
  mul: "i16x8.mul",
  zero: "i16x8.splat(0)",
  coefficient: "coefficientOf",
  weight: (k) => `v128.load(r, ${k * 16})`,
};
const wide = {
  name: "Int",
  type: "i32",
  registers: 4,
  stepBytes: 64,
  add: "i32x4.add",
  mul: "i32x4.mul",
  zero: "i32x4.splat(0)",
  coefficient: "coefficientOfInt",
  weight: (k) => `v128.load16x4_s(r, ${k * 8})`,
};

const gather = (sums, blocks, isScaled) => {
  const count = blocks * sums.registers;
  const blockBytes = 32 * sums.stepBytes + 64;
  /** Where register k of a pixel's sums lies: [block][32 steps][16]. */
  const place = (k) => [Math.floor(k / sums.registers), (k % sums.registers) * 16];
  const toOf = (k) => place(k)[0] * blockBytes + place(k)[1];
  const fromOf = (k) => `v128.load(from + ${place(k)[0]} * fromBlock, ${place(k)[1]})`;
  const isStored = (k) => sums === narrow && !isScaled && k === 3 && k < count - 1;
  const addEvent = list(
    count,
    (k) => `
      a${k} = ${sums.add}(a${k}, ${sums.weight(k)});${isStored(k) ? `\n      v128.store(sum, a${k}, ${toOf(k)});` : ""}`,
  );
  const finished = (k) => (isScaled ? `${sums.add}(${fromOf(k)}, ${sums.mul}(a${k}, coefficient))` : `a${k}`);
  const isWide = sums === wide;
  const row = isWide ? "<< rowShift" : `* ${blocks * 32}`;
  const block = isWide ? "pass.block + part" : "pass.block";
  return `
function gather${sums.name}${blocks}${isScaled ? "Scaled" : ""}(tile: TileArguments, pass: Pass, window: EventWindow, x: i32${isWide ? ", part: i32" : ""}): void {
  const column = x * window.columnStride + window.columnOffset;
  const first = max(0, column);
  const past = min(window.sourceWidth, column + window.kernelWidth);
  const reach = <usize>(max(first, past) - first) << 2;${isWide ? `\n  const rowShift = <usize>(5 + ctz(pass.blocks));` : ""}
  const weights = window.weights - (<usize>(column * window.columnEntries) ${row})${isWide ? " + (<usize>part << 5)" : ""};
  const startStep = <usize>(window.sourceWidth + 1) << 2;
  const starts = pass.starts != 0;
  const base = baseOf<${sums.type}>(tile, ${block}) + (<usize>x << ${isWide ? 6 : 5});
  const baseBlock = <usize>tile.blockElements << ${isWide ? 2 : 1};
  let at = window.starts + (<usize>first << 2);
  let sum = sumsOf<${sums.type}>(tile, ${block}) + <usize>x * sumPixel<${sums.type}>(tile);
  const end = sum + (<usize>(tile.last - tile.first) << ${isWide ? 6 : 5});
  const fromBlock: usize = starts ? baseBlock : ${blockBytes};
  let from = starts ? base : sum;
  const fromStep: usize = starts ? 0 : ${sums.stepBytes};${isScaled ? `\n  const coefficient = ${sums.coefficient}(pass);` : ""}
  for (; sum < end; sum += ${sums.stepBytes}, at += startStep, from += fromStep) {
${list(count, (k) => `    let a${k} = ${isScaled ? sums.zero : fromOf(k)};\n`)}    let p = <usize>load<u32>(at);
    const q = <usize>load<u32>(at + reach);
    for (; p < q; p += 2) {
      const r = weights + (<usize>load<u16>(p) ${row});${addEvent}
    }
${list(count, (k) => `    v128.store(sum, ${finished(k)}, ${toOf(k)});\n`)}  }
}
`;
};

const pair = (sums, blocks) => gather(sums, blocks, false) + gather(sums, blocks, true);

const gatherPixels = (blocks) => `${pair(narrow, blocks)}
/** Adds the listed events of a tile to its sums, for ${blocks * 16} output channels. */
export function gatherEvents${blocks}(tile: TileArguments, pass: Pass, window: EventWindow): void {
  const isScaled = pass.shift != 0 || pass.negative != 0;
  for (let x = 0; x < tile.width; x++) {
    if (isScaled) gather${blocks}Scaled(tile, pass, window, x);
    else gather${blocks}(tile, pass, window, x);
  }
}
`;

const gatherInt = `${pair(wide, 1)}${pair(wide, 2)}
/** The same with sums of 32 bits, for all output channels of the pass. */
export function gatherEventsInt(tile: TileArguments, pass: Pass, window: EventWindow): void {
  const isScaled = pass.shift != 0 || pass.negative != 0;
  for (let x = 0; x < tile.width; x++) {
    if (pass.blocks == 1) {
      if (isScaled) gatherInt1Scaled(tile, pass, window, x, 0);
      else gatherInt1(tile, pass, window, x, 0);
      continue;
    }
    for (let part = 0; part < pass.blocks; part += 2) {
      if (isScaled) gatherInt2Scaled(tile, pass, window, x, part);
      else gatherInt2(tile, pass, window, x, part);
    }
  }
}
`;


// ------------------------------------------------------------------------------------------------ spikes by value

/** What a pixel's walk over its events begins with, and its loop over steps up to the events from `p` to `q`. */
const walk = (sums, blocks, name, row, block) => {
  const count = blocks * sums.registers;
  const blockBytes = 32 * sums.stepBytes + 64;
  const shift = Math.log2(sums.stepBytes);
  const parameters = sums === wide ? ", part: i32" : "";
  const fromOf = (k) => `v128.load(from + ${Math.floor(k / sums.registers)} * fromBlock, ${(k % sums.registers) * 16})`;
  return `
function ${name}(tile: TileArguments, pass: Pass, window: EventWindow, x: i32${parameters}): void {
  const column = x * window.columnStride + window.columnOffset;
  const first = max(0, column);
  const past = min(window.sourceWidth, column + window.kernelWidth);
  const reach = <usize>(max(first, past) - first) << 2;${sums === wide ? "\n  const rowShift = <usize>(5 + ctz(pass.blocks));" : ""}
  const weights = window.weights - (<usize>(column * window.columnEntries) ${row})${sums === wide ? " + (<usize>part << 5)" : ""};
  const startStep = <usize>(window.sourceWidth + 1) << 2;
  const starts = pass.starts != 0;
  const base = baseOf<${sums.type}>(tile, ${block}) + (<usize>x << ${shift});
  let at = window.starts + (<usize>first << 2);
  let sum = sumsOf<${sums.type}>(tile, ${block}) + <usize>x * sumPixel<${sums.type}>(tile);
  const end = sum + (<usize>(tile.last - tile.first) << ${shift});
  const fromBlock: usize = starts ? <usize>tile.blockElements << ${sums === wide ? 2 : 1} : ${blockBytes};
  let from = starts ? base : sum;
  const fromStep: usize = starts ? 0 : ${sums.stepBytes};
  for (; sum < end; sum += ${sums.stepBytes}, at += startStep, from += fromStep) {
${list(count, (k) => `    let a${k} = ${fromOf(k)};\n`)}    let p = <usize>load<u32>(at);
    const q = <usize>load<u32>(at + reach);`;
};

const placeOf = (sums, k) => Math.floor(k / sums.registers) * (32 * sums.stepBytes + 64) + (k % sums.registers) * 16;
const storeSums = (sums, count) => list(count, (k) => `    v128.store(sum, a${k}, ${placeOf(sums, k)});\n`);

const gatherValues = (blocks) => {
  const count = blocks * 2;
  const row = `* ${blocks * 32}`;
  const addEvent = list(count, (k) => `
      a${k} = i16x8.add(a${k}, i16x8.mul(v128.load(r, ${k * 16}), value));${k % 3 === 2 && k < count - 1 ? `\n      v128.store(sum, a${k}, ${placeOf(narrow, k)});` : ""}`);
  return `${walk(narrow, blocks, `values${blocks}`, row, "pass.block")}
    for (; p < q; p += 2) {
      const value = i16x8.shr_s(v128.load16_splat(p), 12);
      const r = weights + ((<usize>load<u16>(p) & 0xfff) ${row});${addEvent}
    }
${storeSums(narrow, count)}  }
}

/** Adds the listed spikes of a tile, each times its value, to its sums, for ${blocks * 16} output channels. */
export function gatherValues${blocks}(tile: TileArguments, pass: Pass, window: EventWindow): void {
  for (let x = 0; x < tile.width; x++) values${blocks}(tile, pass, window, x);
}
`;
};

/** Products of eight weights of two rows with two values, added in pairs: low and high half. */
const addPair = (k, second) => `
      const f${k} = v128.load(r, ${k * 16});
      const g${k} = ${second === "r" ? `f${k}` : `v128.load(${second}, ${k * 16})`};
      a${2 * k} = i32x4.add(a${2 * k}, i32x4.dot_i16x8_s(v128.shuffle<i16>(f${k}, g${k}, 0, 8, 1, 9, 2, 10, 3, 11), values));
      a${2 * k + 1} = i32x4.add(a${2 * k + 1}, i32x4.dot_i16x8_s(v128.shuffle<i16>(f${k}, g${k}, 4, 12, 5, 13, 6, 14, 7, 15), values));`;

const gatherWide = (blocks) => `${walk(wide, blocks, `valuesInt${blocks}`, "<< rowShift", "pass.block + part")}
    for (const pairs = p + ((q - p) & ~3); p < pairs; p += 4) {
      const values = i16x8.shr_s(v128.load32_splat(p), 12);
      const r = weights + ((<usize>load<u16>(p) & 0xfff) << rowShift);
      const r1 = weights + ((<usize>load<u16>(p, 2) & 0xfff) << rowShift);${list(blocks * 2, (k) => addPair(k, "r1"))}
    }
    if (p < q) {
      const values = i32x4.shr_u(i16x8.shr_s(v128.load16_splat(p), 12), 16);
      const r = weights + ((<usize>load<u16>(p) & 0xfff) << rowShift);${list(blocks * 2, (k) => addPair(k, "r"))}
    }
${storeSums(wide, blocks * 4)}  }
}
`;

const gatherValuesInt = `${gatherWide(1)}${gatherWide(2)}
/** The same with sums of 32 bits, for all output channels of the pass. */
export function gatherValuesInt(tile: TileArguments, pass: Pass, window: EventWindow): void {
  for (let x = 0; x < tile.width; x++) {
    if (pass.blocks == 1) valuesInt1(tile, pass, window, x, 0);
    else for (let part = 0; part < pass.blocks; part += 2) valuesInt2(tile, pass, window, x, part);
  }
}
`;

const about = [
  "The inner loops of the event list: a pixel's events lie side by side, and each adds the weights of all output",
  "channels that are run together.",
];
const imports = `import { EventWindow } from "../event-arguments";
import { baseOf, coefficientOf, coefficientOfInt, Pass, sumPixel, sumsOf, TileArguments } from "../tile-arguments";`;
const valuesAbout = [
  "The inner loops of the event list where spikes are listed by value (list-values.ts): each adds its value times the weights of all",
  "output channels that are run together.",
];
const valuesImports = `import { EventWindow } from "../event-arguments";
import { baseOf, Pass, sumPixel, sumsOf, TileArguments } from "../tile-arguments";`;

const events = [1, 2, 4].map(gatherPixels).join("") + gatherInt;
const values = [1, 2, 4].map(gatherValues).join("") + gatherValuesInt;

export const files = [
  kernelFile("gather-events.ts", "gather-events.mjs", about, imports, events),
  kernelFile("gather-values.ts", "gather-events.mjs", valuesAbout, valuesImports, values),
];
