/**
 * Writes fire-narrow.ts and fire-wide.ts: neuron kernels of levels whose thresholds fit 16 bits, with reset by subtraction.
 *
 * Current and reset are one multiplication of pairs, (current, s)·(1, −θ). Both halves of a pixel's 16 channels run side by
 * side, since a step waits for the one before. V has 32 bits. Where θ times the largest spike fits 16, a step's spike is
 * found from V clipped to 16 (narrow), which compares with such numbers as V does; else in 32 (wide).
 */
import { downFrom, each, entries, fireFile, stepLoop } from "./fire-parts.mjs";

/** A line for each half of 8 channels, # its number. */
const halves = (line) => each(2, line);
/** A line for each quarter of 4 channels: # its number, @ that of its half. */
const quarters = (line) => each(4, (q) => line.replaceAll("#", q).replaceAll("@", q >> 1));
/** A line for each register of the width in which spikes are found: halves in 16 bits, quarters in 32. */
const parts = (width, line) => (width === 16 ? halves(line) : quarters(line));

/** Two halves' channels side by side, those of quarter q. */
const pair = (a, b, q) =>
  `v128.shuffle<i16>(${a}, ${b}, ${q % 2 === 0 ? "0, 8, 1, 9, 2, 10, 3, 11" : "4, 12, 5, 13, 6, 14, 7, 15"})`;
/** A register in 16 bits of each half, from those of a width. */
const gather = (width, to, from) =>
  each(2, (h) =>
    width === 16
      ? `
    const ${to}${h} = ${from}${h};`
      : `
    const ${to}${h} = i16x8.narrow_i32x4_s(${from}${2 * h}, ${from}${2 * h + 1});`,
  );

const open = (name, width, isSigned, state) => `
// @ts-ignore: decorator
@inline
function ${name}<T>(tile: TileArguments, block: i32, x: usize): void {
  const neuron = neuronOf(tile, block, x);
  const potential = tile.potential + neuron;
  const thresholds = tile.threshold + (<usize>block << 6);
  const none = i16x8.splat(0);
  const one = i16x8.splat(1);${quarters(`
  const wide# = v128.load(thresholds, # * 16);`)}${each(
    2,
    (h) => `
  const short${h} = i16x8.narrow_i32x4_s(wide${2 * h}, wide${2 * h + 1});
  const minus${h} = i16x8.neg(short${h});`,
  )}${each(
    4,
    (q) => `
  const back${q} = ${pair("one", `minus${q >> 1}`, q)};
  let v${q} = v128.load(potential, ${q * 16});`,
  )}${halves(`
  let s# = none;
  let sent# = none;`)}${
    isSigned
      ? halves(`
  const before# = cutCounts(tile.count + neuron + # * 32);
  let n# = before#;`)
      : ""
  }${state}${stepLoop()}
    if (sizeof<T>() == 2) {${halves(`
      const a# = v128.load(sum, # * 16);`)}${each(
        4,
        (q) => `
      v${q} = i32x4.add(v${q}, i32x4.dot_i16x8_s(${pair(`a${q >> 1}`, `s${q >> 1}`, q)}, back${q}));`,
      )}
    } else {${each(
      4,
      (q) => `
      v${q} = i32x4.add(v${q}, i32x4.add(v128.load(sum, ${q * 16}), i32x4.dot_i16x8_s(${pair("none", `s${q >> 1}`, q)}, back${q})));`,
    )}
    }${
      width === 32
        ? quarters(`
    const r# = v#;`)
        : each(
            2,
            (h) => `
    const r${h} = i16x8.narrow_i32x4_s(v${2 * h}, v${2 * h + 1});`,
          )
    }`;

const close = (isSigned) => `
  }${each(
    4,
    (q) => `
  v128.store(potential, i32x4.add(v${q}, i32x4.dot_i16x8_s(${pair("none", `s${q >> 1}`, q)}, back${q})), ${q * 16});`,
  )}${
    isSigned
      ? halves(`
  addShorts(tile.count + neuron + # * 32, i16x8.sub(n#, before#));
  addShorts(tile.magnitude + neuron + # * 32, sent#);`)
      : halves(`
  addShorts(tile.count + neuron + # * 32, sent#);`)
  }
}
`;

/** The instructions of a width, and θ in it. */
const lanesOf = (width) => (width === 16 ? ["i16x8", "short"] : ["i32x4", "wide"]);

const ladderState = (planes, width) => {
  const [lanes, theta] = lanesOf(width);
  const rung = (p) =>
    parts(
      width,
      `
  const rung${p}_# = ${p === 0 ? `${theta}#` : `${lanes}.shl(${theta}#, ${p})`};`,
    );
  return `${downFrom(planes).map(rung).join("")}
  const all = i16x8.splat(${2 ** planes - 1});
  const largest = ${lanes}.splat(${width === 16 ? "<i16>" : ""}tile.hi);${parts(
    width,
    `
  const most# = ${lanes}.mul(${theta}#, largest);`,
  )}`;
};

/** ⌊m/θ⌋ in `size`: its bits from the highest down. */
const climb = (planes, width) => {
  const [lanes] = lanesOf(width);
  const rung = (p) => `${parts(
    width,
    `
    const above${p}_# = ${lanes}.gt_s(rung${p}_#, m#);${p === 0 ? "" : `\n    m# = ${lanes}.sub(m#, v128.andnot(rung${p}_#, above${p}_#));`}`,
  )}${gather(width, `silent${p}_`, `above${p}_`)}`;
  return `${downFrom(planes).map(rung).join("")}${halves(
    `
    let size# = silent${planes - 1}_#;${downFrom(planes - 1)
      .map((p) => `\n    size# = i16x8.add(i16x8.add(size#, size#), silent${p}_#);`)
      .join("")}
    size# = i16x8.add(size#, all);`,
  )}`;
};

/** Bit p of 16 numbers of 8 bits. */
const bitsOf = (numbers, p) => `i8x16.bitmask(i16x8.shl(${numbers}, ${7 - p}))`;
const plane = (p) => (p === 0 ? "out" : p === 1 ? "out + outPlane" : `out + ${p} * outPlane`);

const bursts = (planes) => (name, width) => {
  const [lanes] = lanesOf(width);
  return `${open(name, width, false, ladderState(planes, width))}${parts(
    width,
    `
    let m# = ${lanes}.min_s(r#, most#);`,
  )}${climb(planes, width)}${halves(`
    s# = size#;
    sent# = i16x8.add(sent#, size#);`)}
    const sizes = i8x16.narrow_i16x8_s(size0, size1);${each(
      planes,
      (p) => `
    store<u16>(${plane(p)}, <u16>${bitsOf("sizes", p)});`,
    )}${close(false)}`;
};

const signed = (name, width) => {
  const [lanes, theta] = lanesOf(width);
  const state = `
  const zero = ${lanes}.splat(0);${parts(
    width,
    `
  const below# = ${lanes}.sub(${theta}#, ${lanes}.splat(1));`,
  )}`;
  return `${open(name, width, true, state)}${parts(
    width,
    `
    const high# = ${lanes}.gt_s(r#, below#);
    const low# = ${lanes}.gt_s(zero, r#);`,
  )}${gather(width, "up", "high")}${gather(width, "under", "low")}${halves(`
    const down# = v128.and(under#, i16x8.gt_s(n#, none));
    s# = i16x8.sub(down#, up#);
    n# = i16x8.add(n#, s#);
    sent# = i16x8.sub(i16x8.sub(sent#, up#), down#);`)}
    store<u16>(out, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(up0, up1)));
    store<u16>(out + outPlane, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(down0, down1)));${close(true)}`;
};

const signedBursts = (planes) => (name, width) => {
  const [lanes, theta] = lanesOf(width);
  const add = width === 16 ? "i16x8.add_sat_s" : "i32x4.add";
  return `${open(name, width, true, ladderState(planes, width))}${parts(
    width,
    `
    const below# = ${lanes}.shr_s(r#, ${width - 1});
    let m# = ${lanes}.min_s(${add}(v128.xor(r#, below#), v128.and(below#, ${theta}#)), most#);`,
  )}${gather(width, "sign", "below")}${climb(planes, width)}
    // what was sent can be taken back, no more${halves(`
    size# = i16x8.min_u(size#, v128.or(n#, v128.not(sign#)));
    sent# = i16x8.add(sent#, size#);
    s# = withSign16(size#, sign#);
    n# = i16x8.add(n#, s#);`)}
    const sizes = i8x16.narrow_i16x8_s(size0, size1);
    const isNegative = i8x16.bitmask(i8x16.narrow_i16x8_s(sign0, sign1));${each(
      planes,
      (p) => `
    const bits${p} = ${bitsOf("sizes", p)};
    store<u16>(${plane(p)}, <u16>(bits${p} & ~isNegative));
    store<u16>(${plane(planes + p)}, <u16>(bits${p} & isNegative));`,
    )}${close(true)}`;
};

const kernels = [
  ["Bursts2", bursts(2), 0],
  ["Bursts3", bursts(3), 0],
  ["Signed", signed, 1],
  ["SignedBursts2", signedBursts(2), 2],
  ["SignedBursts3", signedBursts(3), 2],
];

const cutCounts = `
/** Eight counts in 16 bits, as far as they fit with what a tile adds. */
// @ts-ignore: decorator
@inline
function cutCounts(counts: usize): v128 {
  return i16x8.min_s(i16x8.narrow_i32x4_s(v128.load(counts), v128.load(counts, 16)), i16x8.splat(30_000));
}
`;

/** @param call number of the first in calls.ts */
const pairsFile = (prefix, width, call, about) => {
  // θ of signed spikes fits 16 bits where it is multiplied
  const written = kernels.filter(([, kernel]) => width === 16 || kernel !== signed);
  const body = written.map(([each, kernel, at]) => {
    const name = prefix + each;
    const run = (type) => `
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) ${name}<${type}>(tile, block, x);
  }`;
    return kernel(name, width) + entries(name, call + at, run);
  });
  const lines = [
    "Neuron kernels of levels with reset by subtraction, θ in 16 bits: finished sums of a tile become V, spikes in planes and counts. Current",
    `and reset are one multiplication of pairs. ${about} Counts beyond`,
    "16 bits are cut, which nothing can tell: a tile takes fewer spikes back.",
  ];
  const helpers = "addShorts, neuronOf, outOf, sumOf, withSign16";
  return fireFile(`fire-${prefix}.ts`, "fire-pairs.mjs", lines, helpers, cutCounts + body.join(""));
};

export const files = [
  pairsFile("narrow", 16, 18, "θ times the largest spike fits 16 bits too, and so does the search for ⌊V/θ⌋."),
  pairsFile("wide", 32, 21, "⌊V/θ⌋ is searched for in 32 bits."),
];
