/**
 * Writes fire-levels.ts: neuron kernels of the alphabets that are common, unrolled plane by plane.
 *
 * AssemblyScript does not unroll; fire-any.ts does the same for any alphabet with loops over planes. All hold eight channels of a
 * pixel in registers over a tile's steps.
 */
import { climbBits, downFrom, each, entries, fireFile, stepLoop } from "./fire-parts.mjs";

/** Lines for both registers of 4 channels. */
const both = (lines) => each(2, lines);

/** V grows by the current. */
const charge = `
    if (sizeof<T>() == 2) {
      v0 = i32x4.add(v0, v128.load16x4_s(sum));
      v1 = i32x4.add(v1, v128.load16x4_s(sum, 8));
    } else {
      v0 = i32x4.add(v0, v128.load(sum));
      v1 = i32x4.add(v1, v128.load(sum, 16));
    }`;

/** The same, and writes plane p. */
const climb = (p) => `${climbBits(p)}
    store<u8>(out + ${p} * outPlane, <u8>~i16x8.bitmask(silent${p}));`;

const open = (name, state) => `
// @ts-ignore: decorator
@inline
function ${name}<T>(tile: TileArguments, block: i32, x: usize, half: usize, zero: bool): void {
  const neuron = neuronOf(tile, block, x) + (half << 5);
  const potential = tile.potential + neuron;
  const counts = tile.count + neuron;
  const thresholds = tile.threshold + (<usize>block << 6) + (half << 5);
  const th0 = v128.load(thresholds);
  const th1 = v128.load(thresholds, 16);
  let v0 = v128.load(potential);
  let v1 = v128.load(potential, 16);${state}${stepLoop(" + (half << 3) * sizeof<T>()", " + half")}${charge}`;

const close = `
  }
  v128.store(potential, v0);
  v128.store(potential, v1, 16);`;

const rungs = (planes) =>
  downFrom(planes)
    .map((p) => both(`\n  const rung${p}_# = i32x4.shl(th#, ${p});`))
    .join("");

/** Bursts of up to 2^planes − 1, or of fewer where V is clipped at hi·θ first. */
const bursts = (planes) => `${open(
  `fireBursts${planes}`,
  `${rungs(planes)}
  const most = i32x4.splat(tile.hi);
  const most0 = i32x4.mul(th0, most);
  const most1 = i32x4.mul(th1, most);${downFrom(planes)
    .map((p) => `\n  let c${p} = i16x8.splat(0);`)
    .join("")}`,
)}${both(`
    let r# = i32x4.min_s(v#, most#);
    const e# = i32x4.sub(v#, r#);`)}${downFrom(planes)
  .map((p) => `${climb(p)}\n    c${p} = i16x8.add(c${p}, silent${p});`)
  .join("")}${both(`
    r# = i32x4.add(r#, e#);
    v# = zero ? v128.and(r#, i32x4.eq(r#, v#)) : r#;`)}${close}
  // a silent step counted −1
  const steps = i16x8.splat(<i16>(tile.last - tile.first));
  let sent = i16x8.splat(0);${downFrom(planes)
    .map((p) => `\n  sent = i16x8.add(sent, i16x8.shl(i16x8.add(steps, c${p}), ${p}));`)
    .join("")}
  addShorts(counts, sent);
}
`;

const signedState = `
  let n0 = v128.load(counts);
  let n1 = v128.load(counts, 16);
  let sent = i16x8.splat(0);`;

const closeSigned = `${close}
  v128.store(counts, n0);
  v128.store(counts, n1, 16);
  addShorts(tile.magnitude + neuron, sent);
}
`;

/** −1, 0 and 1: a plane of each sign. */
const signed = `${open(
  "fireSigned",
  `${signedState}
  const below0 = i32x4.sub(th0, i32x4.splat(1));
  const below1 = i32x4.sub(th1, i32x4.splat(1));
  const none = i32x4.splat(0);`,
)}${both(`
    const up# = i32x4.gt_s(v#, below#);
    const back# = v128.and(i32x4.shr_s(v#, 31), i32x4.gt_s(n#, none));
    v# = zero
      ? v128.andnot(v#, v128.or(up#, back#))
      : i32x4.add(i32x4.sub(v#, v128.and(up#, th#)), v128.and(back#, th#));
    n# = i32x4.add(i32x4.sub(n#, up#), back#);`)}
    const up = i16x8.narrow_i32x4_s(up0, up1);
    const back = i16x8.narrow_i32x4_s(back0, back1);
    store<u8>(out, <u8>i16x8.bitmask(up));
    store<u8>(out + outPlane, <u8>i16x8.bitmask(back));
    sent = i16x8.sub(i16x8.sub(sent, up), back);${closeSigned}`;

/** Planes of both signs: the magnitude climbs one ladder, its bits go where the sign says. */
const signedBursts = (planes) => `${open(
  `fireSignedBursts${planes}`,
  `${signedState}${rungs(planes)}${both(`
  const most# = i32x4.mul(th#, i32x4.splat(tile.hi));`)}
  const least = i32x4.splat(-tile.lo);
  const none = i32x4.splat(0);`,
)}${both(`
    let r# = i32x4.max_s(i32x4.min_s(v#, most#), i32x4.neg(i32x4.mul(th#, i32x4.min_s(n#, least))));
    const sign# = i32x4.shr_s(r#, 31);
    r# = magnitudeOf(r#, sign#, th#);
    const from# = r#;`)}
    const sign = i16x8.narrow_i32x4_s(sign0, sign1);
    const isNegative = i16x8.bitmask(sign);
    let s = i16x8.splat(0);${downFrom(planes)
      .map(
        (p) => `${climbBits(p)}
    const bits${p} = ~i16x8.bitmask(silent${p});
    store<u8>(out + ${p} * outPlane, <u8>(bits${p} & ~isNegative));
    store<u8>(out + ${planes + p} * outPlane, <u8>(bits${p} & isNegative));
    s = v128.or(s, v128.andnot(i16x8.splat(${2 ** p}), silent${p}));`,
      )
      .join("")}
    sent = i16x8.add(sent, s);
    s = withSign16(s, sign);
    n0 = i32x4.add(n0, i32x4.extend_low_i16x8_s(s));
    n1 = i32x4.add(n1, i32x4.extend_high_i16x8_s(s));${both(`
    const off# = i32x4.sub(from#, r#);
    v# = zero ? v128.and(v#, i32x4.eq(off#, none)) : i32x4.sub(v#, withSign32(off#, sign#));`)}${closeSigned}`;

/** All pixels, blocks and halves of a tile. */
const run = (name) => `
// @ts-ignore: decorator
@inline
function ${name}All<T>(tile: TileArguments, zero: bool): void {
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      for (let half: usize = 0; half < 2; half++) ${name}<T>(tile, block, x, half, zero);
    }
  }
}
`;

const kernel = (name, body, call) =>
  body +
  run(name) +
  entries(
    name,
    call,
    (type) => `
  if (tile.resetToZero) ${name}All<${type}>(tile, true);
  else ${name}All<${type}>(tile, false);`,
  );

export const files = [
  fireFile(
    "fire-levels.ts",
    "fire-levels.mjs",
    [
      "Neuron kernels: finished sums of a tile become V, spikes in planes and counts. The bits of ⌊V/θ⌋ are found from the highest down by",
      "comparing what is left of V with 2^p·θ and taking that off: a ladder of one rung a plane, no division.",
    ],
    "addShorts, magnitudeOf, neuronOf, outOf, sumOf, withSign16, withSign32",
    [2, 3].map((planes) => kernel(`fireBursts${planes}`, bursts(planes), 14)).join("") +
      kernel("fireSigned", signed, 15) +
      [2, 3].map((planes) => kernel(`fireSignedBursts${planes}`, signedBursts(planes), 16)).join(""),
  ),
];
