/**
 * Writes the kernels that have to be unrolled: add-rows.ts, stack-rows.ts and scatter-events.ts.
 *
 *   node assembly/spiking/generate-kernels.mjs
 *
 * AssemblyScript neither unrolls loops nor takes load offsets that are not constants. Two things make these kernels fast:
 * addresses that are a shift and a mask of the spikes plus a constant, and few values alive at a time. For the
 * latter a sum under way is stored where the finished one will lie: engines keep loads and additions in order
 * around a store, and would else hoist all loads and spill.
 */
import { writeFileSync } from "node:fs";

const list = (length, each) => Array.from({ length }, (_, k) => each(k)).join("");

// ---------------------------------------------------------------------------------------------- tables of 12

/** The tables' address (first piece of the host's memory) and distance, bytes. */
const tables = 65_536;
const tableStride = 131_392;

/** Byte offsets of the rows of 4 tables, from the 48 bits of spikes that begin at bit `from` of w. */
const offsets = (from) =>
  [0, 12, 24, 36].map((bit) => (from + bit < 5 ? `w << ${5 - from - bit}` : `w >> ${from + bit - 5}`));

const addRow = (offset, table) => `
        r = <usize>(${offset}) & 0x1ffe0;
        a0 = i16x8.add(a0, v128.load(r, ${tables + table * tableStride}));
        a1 = i16x8.add(a1, v128.load(r, ${tables + table * tableStride + 16}));`;

/** Adds the rows of 4 tables to both accumulators: 48 bits, 3 words of 16 channels. */
const addWords = (word, from, firstTable) => `
        w = ${word};${offsets(from)
          .map((offset, k) => addRow(offset, firstTable + k))
          .join("")}`;

/** Bytes from a pixel's sums to the next pixel's: tables of 12 run one block of outputs at a time. */
const sumPixel = 1_088;

/**
 * How a pass begins and ends a sum, which lies `at` bytes on: from the base, from the sums so far, or from either by
 * ±2^shift.
 */
const forms = {
  ToBase: { before: () => "", start: (pixel) => [`b${pixel}0`, `b${pixel}1`], end: ["a0", "a1"] },
  ToSums: {
    before: () => "",
    start: (_, at) => [`v128.load(sum, ${at})`, `v128.load(sum, ${at + 16})`],
    end: ["a0", "a1"],
  },
  Scaled: {
    before: (pixel) => `
        const s0 = v128.load(from${pixel});
        const s1 = v128.load(from${pixel}, 16);
        from${pixel} += fromStep;`,
    start: () => ["i16x8.splat(0)", "i16x8.splat(0)"],
    end: ["i16x8.add(s0, i16x8.mul(a0, coefficient))", "i16x8.add(s1, i16x8.mul(a1, coefficient))"],
  },
};

/** The word of a shortcut: 16 channels through two tables of 8. */
const addWord = (pixel) => `
        const word = <usize>load<u16>(shortcut${pixel});
        shortcut${pixel} += shortcutStep;
        r = table + ((word << 5) & 0x1fe0);
        a0 = i16x8.add(a0, v128.load(r));
        a1 = i16x8.add(a1, v128.load(r, 16));
        r = table + ((word >> 3) & 0x1fe0);
        a0 = i16x8.add(a0, v128.load(r, 8512));
        a1 = i16x8.add(a1, v128.load(r, 8528));`;

/** A step of a pixel of the round, over the rows of the window that `pointers` stand for. */
const addStep = ({ pointers, first, loads, isShared }, { before, start, end }, withWord, { pixel, step }) => {
  const at = pixel * sumPixel + step * 32;
  const wordOf = (pointer, j) => (isShared ? `${pointer}Words` : `load<u64>(${pointer}, ${j * 6})`);
  const words = pointers.flatMap((pointer, row) =>
    Array.from({ length: loads }, (_, j) =>
      addWords(wordOf(pointer, j), pixel * 16, first + (row * loads + j) * 4),
    ),
  );
  const moves = pointers.map((pointer) => `\n        ${pointer} += sourceStep;`).join("");
  return `
      {
        let r: usize;
        let w: u64;${before(pixel)}
        let a0 = ${start(pixel, at)[0]};
        let a1 = ${start(pixel, at)[1]};${[...words, ...(withWord ? [addWord(pixel)] : [])].join(`\n        v128.store(sum, a1, ${at + 16});`)}${isShared ? "" : moves}
        v128.store(sum, ${end[0]}, ${at});
        v128.store(sum, ${end[1]}, ${at + 16});
      }`;
};

/**
 * What a round does: two steps of a pixel, or a step of two pixels whose windows one load of 64 bits covers. So the last step
 * or pixel may be one too many.
 */
const roundOf = ({ isShared }) => (isShared ? { pixels: 2, steps: 1 } : { pixels: 1, steps: 2 });

const addRound = (pass, form, withWord) => {
  const { pixels, steps } = roundOf(pass);
  const parts = Array.from({ length: pixels }, (_, pixel) =>
    list(steps, (step) => addStep(pass, forms[form], withWord, { pixel, step })),
  ).join("");
  if (!pass.isShared) return parts;
  const loads = pass.pointers.map((p) => `
      const ${p}Words = load<u64>(${p});
      ${p} += sourceStep;`);
  return loads.join("") + parts;
};

/** All pixels and steps of a tile. */
const addPass = (name, form, pass, withWord) => {
  const { pixels, steps } = roundOf(pass);
  const ofPixels = (each) => list(pixels, each);
  return `
function ${name}${form}${withWord ? "AndWord" : ""}(tile: TileArguments, pass: Pass, starts: bool, ${pass.pointers.map((p) => `${p}First: usize`).join(", ")}): void {
  const sourceStep = changetype<Segment>(pass.segments).sourceStep;
  const sourcePixel = changetype<Segment>(pass.segments).sourcePixel;
  const bytes = <usize>(tile.last - tile.first) << 5;${
    withWord
      ? `
  const words = changetype<Segment>(pass.segments + segmentSize);
  const table = words.table;
  const shortcutStep = words.sourceStep;
  const shortcuts = words.source + <usize>(tile.y * words.rowStride + words.rowOffset) * words.sourceRow + <usize>tile.first * shortcutStep;`
      : ""
  }${
    form === "Scaled"
      ? `
  const coefficient = coefficientOf(pass);
  const fromStep: usize = starts ? 0 : 32;${pixels === 2 ? `
  const fromPixel: usize = starts ? 32 : ${sumPixel};` : ""}`
      : ""
  }
  for (let x: usize = 0; x < <usize>tile.width; x += ${pixels}) {${pass.pointers.map((p) => `\n    let ${p} = ${p}First + x * sourcePixel;`).join("")}
    let sum = tile.sums + x * ${sumPixel};
    const past = sum + bytes;${withWord ? ofPixels((k) => `\n    let shortcut${k} = shortcuts + ${k === 0 ? "x" : `(x + ${k})`} * words.sourcePixel;`) : ""}${
      form === "ToBase"
        ? `
    const base = baseOf<i16>(tile, pass.block) + (x << 5);${ofPixels((k) => `
    const b${k}0 = v128.load(base, ${k * 32});
    const b${k}1 = v128.load(base, ${k * 32 + 16});`)}`
        : form === "Scaled"
          ? `
    let from0 = starts ? baseOf<i16>(tile, pass.block) + (x << 5) : sum;${pixels === 2 ? "\n    let from1 = from0 + fromPixel;" : ""}`
          : ""
    }
    for (; sum < past; sum += ${steps * 32}) {${addRound(pass, form, withWord)}
    }
  }
}
`;
};

/** @param withWord whether the last of what a plain pass adds may be a shortcut's word */
const addPasses = (name, pass, withWord) => {
  const call = (form) => `${name}${form}(tile, pass, starts, ${pass.pointers.join(", ")})`;
  const plain = withWord ? [["ToBase", true], ["ToSums", true]] : [];
  return `${[...Object.keys(forms).map((form) => [form, false]), ...plain]
    .map(([form, word]) => addPass(name, form, pass, word))
    .join("")}
function ${name}(tile: TileArguments, pass: Pass, starts: bool, ${pass.pointers.map((p) => `${p}: usize`).join(", ")}): void {
  if (pass.shift != 0 || pass.negative != 0) ${call("Scaled")};
${withWord ? `  else if (pass.segmentCount == 2 && starts) ${call("ToBaseAndWord")};
  else if (pass.segmentCount == 2) ${call("ToSumsAndWord")};
` : ""}  else if (starts) ${call("ToBase")};
  else ${call("ToSums")};
}
`;
};

/**
 * 16 channels: all three rows of the window at once. Where columns lie side by side, 64 bits of a row hold the windows of
 * two pixels.
 */
const threeRows = { pointers: ["p0", "p1", "p2"], first: 0, loads: 1 };
const rows16 = `${addPasses("addThreeRows", threeRows, true)}${addPasses("addThreeShared", { ...threeRows, isShared: true }, true)}
export function addRows16(tile: TileArguments, pass: Pass): void {
  noteCall(5);
  const rows = changetype<Segment>(pass.segments);
  const p0 = rowOrZeros(tile, rows, 0);
  const p1 = rowOrZeros(tile, rows, 1);
  const p2 = rowOrZeros(tile, rows, 2);
  if (rows.sourcePixel == 2) addThreeShared(tile, pass, pass.starts != 0, p0, p1, p2);
  else addThreeRows(tile, pass, pass.starts != 0, p0, p1, p2);
}
`;

/** The middle row begins where there is no other; the last takes the shortcut's word along. */
const rowOf = [
  "findRow(tile, rows, 0)",
  "rowOrZeros(tile, rows, 1)",
  "pass.segmentCount == 2 ? rowOrZeros(tile, rows, 2) : findRow(tile, rows, 2)",
];

/** More channels: one row after the other, so that its tables fit the second cache. */
const rowsWide = (channels) => {
  const loads = channels / 16;
  const name = (ky) => `addRow${ky}Of${channels}`;
  return `${[0, 1, 2].map((ky) => addPasses(name(ky), { pointers: ["p"], first: ky * loads * 4, loads }, ky === 2)).join("")}
export function addRows${channels}(tile: TileArguments, pass: Pass): void {
  noteCall(5);
  const rows = changetype<Segment>(pass.segments);
  let starts = pass.starts != 0;
  let row: usize;
${[0, 1, 2]
  .map(
    (ky) => `  row = ${rowOf[ky]};
  if (row != 0) {
    ${name(ky)}(tile, pass, starts, row);
    starts = false;
  }
`,
  )
  .join("")}}
`;
};

const rowsHead = `/**
 * Generated by generate-kernels.mjs; edit that.
 *
 * Current kernel: tables of 12 source channels with 16-bit sums, for windows 3×3 over all of 16, 32 or 64 channels of a source: a row of
 * a window is 48, 96 or 192 bits side by side. Every table's address is a constant. A second segment is the word of 16 channels that a
 * shortcut brings along, through two tables of 8. A round is two steps of a pixel, or a step of two pixels.
 */
import { noteCall } from "./calls";
import { Segment, segmentSize } from "./segments";
import { baseOf, coefficientOf, Pass, TileArguments } from "./tile-arguments";

/** Source row \`ky\` of the tile's row at its first step and column, or 0 where there is none. */
function findRow(tile: TileArguments, rows: Segment, ky: i32): usize {
  const row = tile.y * rows.rowStride + rows.rowOffset + ky;
  if (row < 0 || row >= rows.sourceHeight) return 0;
  return rows.source + <usize>row * rows.sourceRow + <usize>tile.first * rows.sourceStep;
}

/** The same, or a row without spikes. */
function rowOrZeros(tile: TileArguments, rows: Segment, ky: i32): usize {
  const row = findRow(tile, rows, ky);
  return row == 0 ? tile.zeros : row;
}
`;

// ---------------------------------------------------------------------------------------------- tables of 12, all planes

/** Two pixels of a step over all its planes; `rows` of the window at once, each in `loads` loads of 48 bits. */
const stackPlanes = (name, { rows, first, loads, isShared }) => {
  const each = (line) => list(rows, line);
  const pixels = [0, 1];
  const addPixel = (pixel) => {
    const wordOf = (row, j) =>
      isShared ? `w${row}` : `load<u64>(p${row} + ${pixel} * sourcePixel, ${j * 6})`;
    const words = Array.from({ length: rows * loads }, (_, k) => {
      const [row, j] = [Math.floor(k / loads), k % loads];
      return addWords(wordOf(row, j), isShared ? pixel * 16 : 0, first + k * 4);
    });
    return `
      {
        let r: usize;
        let w: u64;
        let a0 = i16x8.mul(s${pixel}0, factor);
        let a1 = i16x8.mul(s${pixel}1, factor);${words.map((each) => `${each}
        v128.store(held, a0);
        v128.store(held, a1, 16);`).join("")}
        s${pixel}0 = a0;
        s${pixel}1 = a1;
      }`;
  };
  return `
function ${name}(tile: TileArguments, pass: Pass, starts: bool, planes: usize): void {
  const sourcePixel = segmentOf(pass).sourcePixel;
  const steps = tile.stacks;
  let sums = tile.sums;
  const bytes = <usize>(tile.last - tile.first) << 5;
  let base = starts ? baseOf<i16>(tile, pass.block) : sums;
  const basePixel: usize = starts ? 32 : ${sumPixel};
  const fromStep: usize = starts ? 0 : 32;
  const past = <usize>tile.width * sourcePixel;
  for (let x: usize = 0; x < past; x += 2 * sourcePixel) {
    let step = steps;
    let plane = planes;
    let from = base;
    for (let sum = sums; sum < sums + bytes; sum += 32) {${pixels
      .map((k) => `\n      let s${k}0 = i16x8.splat(0);\n      let s${k}1 = i16x8.splat(0);`)
      .join("")}
      for (const end = changetype<StackStep>(step).end; plane < end; plane += stackedSize) {
        const factor = v128.load16_splat(plane, offsetof<StackedPlane>("factor"));${each(
          (row) => `
        const p${row} = changetype<StackedPlane>(plane).row${row} + x;${isShared ? `\n        const w${row} = load<u64>(p${row});` : ""}`,
        )}${pixels.map(addPixel).join("")}
      }
      const last = v128.load16_splat(step, offsetof<StackStep>("factor"));${pixels
        .map((k) => {
          const at = k === 0 ? "from" : "from + basePixel";
          return `
      v128.store(sum, i16x8.add(v128.load(${at}), i16x8.mul(s${k}0, last)), ${k * sumPixel});
      v128.store(sum, i16x8.add(v128.load(${at}, 16), i16x8.mul(s${k}1, last)), ${k * sumPixel + 16});`;
        })
        .join("")}
      step += stackStepSize;
      from += fromStep;
    }
    sums += ${2 * sumPixel};
    base += 2 * basePixel;
  }
}
`;
};

const stackThree = { rows: 3, first: 0, loads: 1 };
const stack16 = `${stackPlanes("stackThree", stackThree)}${stackPlanes("stackThreeShared", { ...stackThree, isShared: true })}
export function stackRows16(tile: TileArguments, pass: Pass): void {
  noteCall(5);
  const isShared = segmentOf(pass).sourcePixel == 2;
  const starts = pass.starts != 0;
  const planes = listPlanes(tile, pass, 0, 3);
  if (isShared) stackThreeShared(tile, pass, starts, planes);
  else stackThree(tile, pass, starts, planes);
}
`;

/** More channels: one row after the other, as without planes; the middle one begins where there is no other. */
const stackWide = (channels) => {
  const loads = channels / 16;
  const name = (ky) => `stackRow${ky}Of${channels}`;
  return `${[0, 1, 2].map((ky) => stackPlanes(name(ky), { rows: 1, first: ky * loads * 4, loads })).join("")}
export function stackRows${channels}(tile: TileArguments, pass: Pass): void {
  noteCall(5);
  let starts = pass.starts != 0;
${[0, 1, 2]
  .map(
    (ky) => `  if (${ky === 1 ? "true" : `hasRow(tile, pass, ${ky})`}) {
    ${name(ky)}(tile, pass, starts, listPlanes(tile, pass, ${ky}, 1));
    starts = false;
  }
`,
  )
  .join("")}}
`;
};

const stackHead = `/**
 * Generated by generate-kernels.mjs; edit that.
 *
 * Current kernel: the tables of add-rows.ts, all planes of a source in one walk (plane-stack.ts). A round is a step of two pixels.
 */
import { noteCall } from "./calls";
import { hasRow, listPlanes, segmentOf, StackedPlane, stackedSize, StackStep, stackStepSize } from "./plane-stack";
import { baseOf, Pass, TileArguments } from "./tile-arguments";

/** Where a sum under way is stored so that engines keep loads and additions in order; nobody reads it. */
const held = memory.data(32, 16);
`;

// ---------------------------------------------------------------------------------------------- scatter

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

const scatterHead = `/**
 * Generated by generate-kernels.mjs; edit that.
 *
 * The inner loops of the scatter kernel: a spike adds its weights to the sums of all that hear it, read and written
 * for it alone; a word without spikes costs a test.
 */
import { EventWindow } from "./event-arguments";
import { coefficientOf, Pass, sumPixel, sumsOf, TileArguments } from "./tile-arguments";

/** The target column that hears a source column at column kx of the window; −1 for none. */
function targetOf(window: EventWindow, column: i32, kx: i32, width: i32): i32 {
  const from = column - window.columnOffset - kx;
  if (from < 0 || from % window.columnStride != 0) return -1;
  const x = from / window.columnStride;
  return x < width ? x : -1;
}
`;

const write = (name, text) => writeFileSync(new URL(name, import.meta.url), text);
write("add-rows.ts", rowsHead + rows16 + [32, 64].map(rowsWide).join(""));
write("stack-rows.ts", stackHead + stack16 + [32, 64].map(stackWide).join(""));
write("scatter-events.ts", scatterHead + [1, 2, 4].map(scatterOf).join(""));
