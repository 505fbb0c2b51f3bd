/**
 * Writes gather-events.ts: the inner loops of the event list, unrolled over the registers of a pixel's sums.
 *
 *   node assembly/spiking/generate-gather.mjs
 *
 * Sums of 16 bits hold up to 64 outputs in registers; one that is under way is stored where the finished one will lie, since engines
 * would else hoist the loads and spill. Sums of 32 bits add weights of 16 and hold up to 32 outputs: 64 take two walks.
 */
import { writeFileSync } from "node:fs";

const list = (length, each) => Array.from({ length }, (_, k) => each(k)).join("");

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
  const blockBytes = 32 * sums.stepBytes;
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

const head = `/**
 * Generated by generate-gather.mjs; edit that.
 *
 * The inner loops of the event list: a pixel's events lie side by side, and each adds the weights of all output
 * channels that are run together.
 */
import { EventWindow } from "./event-arguments";
import { baseOf, coefficientOf, coefficientOfInt, Pass, sumPixel, sumsOf, TileArguments } from "./tile-arguments";
`;

writeFileSync(new URL("gather-events.ts", import.meta.url), head + [1, 2, 4].map(gatherPixels).join("") + gatherInt);
