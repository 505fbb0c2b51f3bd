/** Writes the kernel of tables of 12 source channels, one plane of spikes after the other (tables-of-twelve.mjs). */
import { addWords, sumPixel } from "./tables-of-twelve.mjs";
import { kernelFile, list } from "./unroll.mjs";

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

const about = [
  "Current kernel: tables of 12 source channels with 16-bit sums, for windows 3×3 over all of 16, 32 or 64 channels of a source: a row of",
  "a window is 48, 96 or 192 bits side by side. Every table's address is a constant. A second segment is the word of 16 channels that a",
  "shortcut brings along, through two tables of 8. A round is two steps of a pixel, or a step of two pixels.",
];
const imports = `import { noteCall } from "../calls";
import { Segment, segmentSize } from "../segments";
import { baseOf, coefficientOf, Pass, TileArguments } from "../tile-arguments";`;
const helpers = `
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

export const files = [
  kernelFile("add-rows.ts", "add-rows.mjs", about, imports, helpers + rows16 + [32, 64].map(rowsWide).join("")),
];
