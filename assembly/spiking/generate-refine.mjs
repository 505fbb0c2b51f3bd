/**
 * Writes fire-refine.ts: neuron kernels that refine a value, unrolled plane by plane.
 *
 *   node assembly/spiking/generate-refine.mjs
 *
 * V and N are doubled as often as the quantum is halved; then a spike is ⌊V/θ + ½⌋. With θ below 2¹⁵ float32 finds it: V·(1/θ) + (⌊θ/2⌋ + ½)/θ
 * is at least 1/(2θ) > 2⁻¹⁶ away from a whole number, and where it is below 17 in magnitude it is wrong by 2⁻¹⁸ at most; beyond that the
 * spike is the largest anyway. With larger θ it is found by the ladder of generate-fire.mjs.
 */
import { climbBits, downFrom, each, entries, stepLoop, writeKernels } from "./fire-parts.mjs";

// ------------------------------------------------------------------------------------------------ θ below 2¹⁵

const quarters = (lines) => each(4, lines);

/** 16 channels of a pixel over a tile's steps; N is kept as −N, a float. */
const nearest = (planes) => `
// @ts-ignore: decorator
@inline
function nearest${planes}<T>(tile: TileArguments, block: i32, x: usize): void {
  const neuron = neuronOf(tile, block, x);
  const potential = tile.potential + neuron;
  const counts = tile.count + neuron;
  const thresholds = tile.threshold + (<usize>block << 6);
  const inverses = tile.nearest + (<usize>block << 7);
  const most = f32x4.splat(<f32>tile.hi);
  const least = f32x4.splat(<f32>-tile.hi);
  const whole = f32x4.splat(12582912);
  const wholeBits = i32x4.splat(0x4b400000);
  const first = isFirst(tile);
  const before = first ? tile.start + neuron : potential;${quarters(`
  let v# = v128.load(before, 16 * #);`)}${quarters(`
  let m# = first ? f32x4.splat(0) : f32x4.neg(f32x4.convert_i32x4_s(v128.load(counts, 16 * #)));`)}
  let sent0 = i16x8.splat(0);
  let sent1 = i16x8.splat(0);
  let events = i8x16.splat(0);
  let step = tile.first;
  const shrinking = tile.shift;${stepLoop()}
    const shift = step >= tile.halveFirst && step < tile.halveEnd ? shrinking : 0;
    step++;
    const factor = f32x4.splat(<f32>(1 << shift));${quarters(`
    v# = i32x4.add(i32x4.shl(v#, shift), sizeof<T>() == 2 ? v128.load16x4_s(sum, 8 * #) : v128.load(sum, 16 * #));
    m# = f32x4.mul(m#, factor);
    const y# = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(v#), v128.load(inverses, 16 * #)), v128.load(inverses, 64 + 16 * #));
    const s# = f32x4.pmax(f32x4.pmin(f32x4.floor(y#), most), f32x4.pmax(m#, least));
    m# = f32x4.sub(m#, s#);
    const i# = i32x4.sub(f32x4.add(s#, whole), wholeBits);
    v# = i32x4.sub(v#, i32x4.dot_i16x8_s(i#, v128.load(thresholds, 16 * #)));`)}
    const spikes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(i0, i1), i16x8.narrow_i32x4_s(i2, i3));
    const size = i8x16.abs(spikes);
    const isNegative = i8x16.bitmask(spikes);${each(planes, (p) => `
    const bits${p} = i8x16.bitmask(i16x8.shl(size, ${7 - p}));
    store<u16>(out + ${p} * outPlane, <u16>(bits${p} & ~isNegative));
    store<u16>(out + ${planes + p} * outPlane, <u16>(bits${p} & isNegative));`)}
    sent0 = i16x8.add(sent0, i16x8.extend_low_i8x16_u(size));
    sent1 = i16x8.add(sent1, i16x8.extend_high_i8x16_u(size));
    events = i8x16.sub(events, i8x16.ne(size, i8x16.splat(0)));
  }${quarters(`
  v128.store(potential, v#, 16 * #);
  v128.store(counts, i32x4.trunc_sat_f32x4_s(f32x4.neg(m#)), 16 * #);`)}
  if (tile.totals != 0) {
    addTotals(tile.magnitude + neuron, sent0, sent1, first);
    addTotals(tile.events + neuron, i16x8.extend_low_i8x16_s(events), i16x8.extend_high_i8x16_s(events), first);
  }
}
`;

const nearestKernel = (planes) =>
  nearest(planes) +
  entries(
    `fireRefine${planes}`,
    27,
    (type) => `
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) nearest${planes}<${type}>(tile, block, x);
  }`,
  );

const addTotals = `
/** Adds 16 numbers of 16 bits to those of 32 at \`totals\`, which are 0 before the first step. */
function addTotals(totals: usize, low: v128, high: v128, first: bool): void {
  if (first) memory.fill(totals, 0, 64);
  addShorts(totals, low);
  addShorts(totals + 32, high);
}
`;

// ------------------------------------------------------------------------------------------------ any θ

const both = (lines) => each(2, lines);

/** Eight channels of a pixel. */
const open = (planes) => `
// @ts-ignore: decorator
@inline
function climb${planes}<T>(tile: TileArguments, block: i32, x: usize, half: usize): void {
  const neuron = neuronOf(tile, block, x) + (half << 5);
  const potential = tile.potential + neuron;
  const counts = tile.count + neuron;
  const thresholds = tile.threshold + (<usize>block << 6) + (half << 5);
  const most = i32x4.splat(tile.hi);
  const shrinking = tile.shift;
  let step = tile.first;${both(`
  const th# = v128.load(thresholds, 16 * #);
  const half# = i32x4.shr_u(th#, 1);
  const most# = i32x4.mul(th#, most);
  let v# = v128.load(potential, 16 * #);
  let n# = v128.load(counts, 16 * #);`)}${downFrom(planes)
    .map((p) => both(`\n  const rung${p}_# = i32x4.shl(th#, ${p});`))
    .join("")}
  let sent = i16x8.splat(0);
  let events = i16x8.splat(0);${stepLoop(" + (half << 3) * sizeof<T>()", " + half")}
    const shift = step >= tile.halveFirst && step < tile.halveEnd ? shrinking : 0;
    step++;${both(`
    const i# = v128.load(sum, 16 * #);
    v# = i32x4.add(i32x4.shl(v#, shift), i#);
    n# = i32x4.shl(n#, shift);
    const least# = i32x4.neg(i32x4.mul(th#, i32x4.min_s(n#, most)));
    let r# = i32x4.max_s(i32x4.min_s(i32x4.add(v#, half#), most#), least#);
    const sign# = i32x4.shr_s(r#, 31);
    r# = magnitudeOf(r#, sign#, th#);
    const from# = r#;`)}
    const sign = i16x8.narrow_i32x4_s(sign0, sign1);
    const isNegative = i16x8.bitmask(sign);
    let s = i16x8.splat(0);`;

const climb = (planes) => (p) => `${climbBits(p)}
    const bits${p} = ~i16x8.bitmask(silent${p});
    store<u8>(out + ${p} * outPlane, <u8>(bits${p} & ~isNegative));
    store<u8>(out + ${planes + p} * outPlane, <u8>(bits${p} & isNegative));
    s = v128.or(s, v128.andnot(i16x8.splat(${2 ** p}), silent${p}));`;

const close = `
    sent = i16x8.add(sent, s);
    events = i16x8.sub(events, i16x8.ne(s, i16x8.splat(0)));
    s = withSign16(s, sign);
    n0 = i32x4.add(n0, i32x4.extend_low_i16x8_s(s));
    n1 = i32x4.add(n1, i32x4.extend_high_i16x8_s(s));${both(`
    v# = i32x4.sub(v#, withSign32(i32x4.sub(from#, r#), sign#));`)}
  }${both(`
  v128.store(potential, v#, 16 * #);
  v128.store(counts, n#, 16 * #);`)}
  addShorts(tile.magnitude + neuron, sent);
  addShorts(tile.events + neuron, events);
}
`;

const climbKernel = (planes) => `${open(planes)}${downFrom(planes).map(climb(planes)).join("")}${close}
export function climbRefine${planes}(tile: TileArguments): void {
  noteCall(29);
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      climb${planes}<i32>(tile, block, x, 0);
      climb${planes}<i32>(tile, block, x, 1);
    }
  }
}
`;

const planeCounts = [1, 2, 3, 4];

writeKernels(
  "fire-refine.ts",
  "generate-refine.mjs",
  [
    "Neuron kernels that refine: V and N in units of the present quantum are doubled as often as it is halved; a spike is ⌊V/θ + ½⌋ within",
    "−min(N, g)…g. With θ below 2¹⁵ float32 finds it, exactly; else its bits are found from the highest down by comparing with 2^p·θ. See",
    "src/graph/snn.ts, Refinement.",
  ],
  "addShorts, magnitudeOf, neuronOf, outOf, sumOf, withSign16, withSign32",
  addTotals + planeCounts.map(nearestKernel).join("") + planeCounts.map(climbKernel).join(""),
  "isFirst, TileArguments",
);
