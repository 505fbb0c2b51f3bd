/** What the generators of neuron kernels share: lines that are unrolled, a tile's loop over steps, entries, the file. */
import { kernelFile } from "./unroll.mjs";

/** Lines once a register: # is its number where `line` is a text. */
export const each = (count, line) =>
  Array.from({ length: count }, (_, k) => (typeof line === "string" ? line.replaceAll("#", k) : line(k))).join("");

/** Planes from the highest down. */
export const downFrom = (planes) => Array.from({ length: planes }, (_, k) => planes - 1 - k);

/** Takes 2^p·θ off what is left of V in two registers where that is at least as much. */
export const climbBits = (p) => `${each(2, `
    const silent${p}_# = i32x4.gt_s(rung${p}_#, r#);
    r# = i32x4.sub(r#, v128.andnot(rung${p}_#, silent${p}_#));`)}
    const silent${p} = i16x8.narrow_i32x4_s(silent${p}_0, silent${p}_1);`;

/** Begins the loop over a tile's steps. @param sumOffset, outOffset of a part of the pixel, if it is not the whole */
export const stepLoop = (sumOffset = "", outOffset = "") => `
  const sumStep = tile.sumStep;
  const outStep = tile.outStep;
  const outPlane = tile.outPlane;
  let sum = sumOf<T>(tile, block, x)${sumOffset};
  let out = outOf(tile, block, x)${outOffset};
  const past = out + <usize>(tile.last - tile.first) * outStep;
  for (; out < past; out += outStep, sum += sumStep) {`;

/** What run-tiles.ts calls, for sums of 16 and of 32 bits. @param call number in calls.ts; `run`: type of the sums → lines */
export const entries = (name, call, run) =>
  [
    ["16", "i16"],
    ["Int", "i32"],
  ]
    .map(
      ([lanes, type]) => `
export function ${name}${lanes}(tile: TileArguments): void {
  noteCall(${call});${run(type)}
}
`,
    )
    .join("");

/** @param about lines of the head; `helpers`: names from fire-tile.ts; `ofTiles`: from tile-arguments.ts */
export const fireFile = (name, generator, about, helpers, body, ofTiles = "TileArguments") =>
  kernelFile(
    name,
    generator,
    about,
    `import { noteCall } from "../calls";
import { ${helpers} } from "../fire-tile";
import { ${ofTiles} } from "../tile-arguments";`,
    body,
  );
