/** Writes the kernel of tables of 12 source channels, all planes of a source in one walk (tables-of-twelve.mjs). */
import { addWords, sumPixel } from "./tables-of-twelve.mjs";
import { kernelFile, list } from "./unroll.mjs";

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
  if (tile.y == 0) maskPlanes(tile, pass);
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
  if (tile.y == 0) maskPlanes(tile, pass);
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

const about = [
  "Current kernel: the tables of add-rows.ts, all planes of a source in one walk (plane-stack.ts). A round is a step of two pixels.",
];
const imports = `import { noteCall } from "../calls";
import { hasRow, listPlanes, maskPlanes, segmentOf, StackedPlane, stackedSize, StackStep, stackStepSize } from "../plane-stack";
import { baseOf, Pass, TileArguments } from "../tile-arguments";`;
const helpers = `
/** Where a sum under way is stored so that engines keep loads and additions in order; nobody reads it. */
const held = memory.data(32, 16);
`;

export const files = [
  kernelFile("stack-rows.ts", "stack-rows.mjs", about, imports, helpers + stack16 + [32, 64].map(stackWide).join("")),
];
