/**
 * Writes fire-refine.ts: neuron kernels that refine a value, unrolled plane by plane.
 *
 * V and N are doubled as often as the quantum is halved; then a spike is ⌊V/θ + ½⌋. With θ below 2¹⁵ float32 finds it, as
 * src/simulator/wasm/planning/nearest-spike.ts tells: clipped to whole numbers, then rounded to the nearest by adding 1.5·2²³. With larger θ it is
 * found by the ladder of fire-levels.mjs. A step waits for the one before, so a row is run a step at a time: its pixels do not wait for
 * each other.
 */
import { climbBits, downFrom, each, entries, fireFile, stepLoop } from "./fire-parts.mjs";

// ------------------------------------------------------------------------------------------------ θ below 2¹⁵

const both = (lines) => each(2, lines);

/** Doubles V and N as often as the quantum is halved before the step. */
const halve = `
    if (isHalved) {${both(`
      v# = i32x4.shl(v#, shift);
      m# = f32x4.mul(m#, factor);`)}
    }`;

/** V takes the step's current in; the spike is rounded: its low 16 bits, the others meet a 0 of θ's. */
const spike = both(`
    v# = i32x4.add(v#, sizeof<T>() == 2 ? v128.load16x4_s(sum, 8 * #) : v128.load(sum, 16 * #));
    const ratio# = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(v#), inverse#), offset#);
    const spike# = f32x4.add(f32x4.pmax(f32x4.pmin(ratio#, most), f32x4.pmax(m#, least)), whole);`);

/** What a spike takes off V, and N. */
const takeOff = both(`
    v# = i32x4.sub(v#, i32x4.dot_i16x8_s(spike#, theta#));
    m# = f32x4.sub(m#, f32x4.sub(spike#, whole));`);

/** A float's bits less those of 1.5·2²³ are the whole number that was added to it. */
const storeSpikes = `
    v128.store(to, i16x8.narrow_i32x4_s(i32x4.sub(spike0, whole), i32x4.sub(spike1, whole)));`;

/** V and −N, which is a float from step to step. */
const keepState = both(`
    v128.store(potential, v#, 16 * #);
    v128.store(count, m#, 16 * #);`);

/** What is wanted behind the tile's last step: V, and N as whole numbers. */
const storeState = `
    if (stored & 6) {${takeOff}
      if (stored & 4) {${both(`
        v128.store(potential, v#, 16 * #);`)}
      }
      if (stored & 2) {${both(`
        v128.store(count, i32x4.trunc_sat_f32x4_s(f32x4.neg(m#)), 16 * #);`)}
      }
    }`;

/** What a step begins with: V and −N of the step before; in the tile's first step of the tile before, or of none. */
const loadState = (isOpening) => isOpening
  ? both(`
    let v# = v128.load(before, 16 * #);
    let m# = first ? f32x4.splat(0) : f32x4.neg(f32x4.convert_i32x4_s(v128.load(count, 16 * #)));`)
  : both(`
    let v# = v128.load(potential, 16 * #);
    let m# = v128.load(count, 16 * #);`);

/** Once quanta stay, nothing changes where the step before had no spike and nothing is added. */
const skipSilent = `
    if (maySkip && !v128.any_true(v128.or(v128.load(to - 16 * sizeof<T>()), addedTo<T>(sum)))) {
      v128.store(to, i16x8.splat(0));
      continue;
    }`;

/**
 * A step of eight channels of a row: its pixels do not wait for each other.
 *
 * @param isOpening whether it is the tile's first step; `isClosing`: its last
 */
const stepPixels = (name, isOpening, isClosing) => `
function ${name}<T>(tile: TileArguments, block: i32, half: usize, step: i32${isOpening ? ", first: bool" : ""}${isClosing ? ", stored: i32" : ""}): void {
  const lane = half << 5;
  const neuron = neuronOf(tile, block, 0) + lane;
  const thresholds = tile.threshold + (<usize>block << 6) + lane;
  const inverses = tile.nearest + (<usize>block << 7) + lane;
  const most = f32x4.splat(<f32>tile.hi);
  const least = f32x4.splat(<f32>-tile.hi);
  const whole = f32x4.splat(12582912);
  const shift = tile.shift;
  const factor = f32x4.splat(<f32>(1 << shift));
  const isHalved = step >= tile.halveFirst && step < tile.halveEnd;${isOpening || isClosing ? "" : `
  const maySkip = step >= tile.halveEnd;`}
  const at = <usize>(step - tile.first);
  const toPixel = sumPixel<T>(tile);
  const sumsPixel: usize = tile.passCount == 0 ? 16 * sizeof<T>() : toPixel;
  let sum = sumOf<T>(tile, block, 0) + (lane >> 2) * sizeof<T>() + at * tile.sumStep;
  let to = sumsOf<T>(tile, block) + (lane >> 1) + at * (16 * sizeof<T>());${isOpening ? `
  let before = (first ? tile.start : tile.potential) + neuron;` : ""}
  let potential = tile.potential + neuron;
  let count = tile.count + neuron;${both(`
  const theta# = v128.load(thresholds, 16 * #);
  const inverse# = v128.load(inverses, 16 * #);
  const offset# = v128.load(inverses, 64 + 16 * #);`)}
  for (let x = tile.width; x > 0; x--, sum += sumsPixel, to += toPixel, ${isOpening ? "before += 64, " : ""}potential += 64, count += 64) {${isOpening || isClosing ? "" : skipSilent}${loadState(isOpening)}${halve}${spike}${storeSpikes}${isClosing ? storeState : takeOff + keepState}
  }
}
`;

/** Eight channels of a row over a tile's steps; N is kept as −N, a float. */
const stepRow = `
/** Not 0 where something is added to one of eight channels. */
// @ts-ignore: decorator
@inline
function addedTo<T>(sum: usize): v128 {
  return sizeof<T>() == 2 ? v128.load(sum) : v128.or(v128.load(sum), v128.load(sum, 16));
}
${stepPixels("stepOnly", true, true)}${stepPixels("stepFirst", true, false)}${stepPixels("stepNext", false, false)}${stepPixels("stepLast", false, true)}
/** The spikes of half a block of the tile's row take the place of its sums: int16, a step's 16 side by side at the step's sums. */
function stepRow<T>(tile: TileArguments, block: i32, half: usize, first: bool, stored: i32): void {
  const last = tile.last - 1;
  if (tile.first == last) return stepOnly<T>(tile, block, half, last, first, stored);
  stepFirst<T>(tile, block, half, tile.first, first);
  for (let step = tile.first + 1; step < last; step++) stepNext<T>(tile, block, half, step);
  stepLast<T>(tile, block, half, last, stored);
}

/** Σ|s| and events of the row's spikes. */
function addTotals<T>(tile: TileArguments, block: i32, first: bool): void {
  const none = i16x8.splat(0);
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    const neuron = neuronOf(tile, block, x);
    let sent0 = none;
    let sent1 = none;
    let events0 = none;
    let events1 = none;
    let spikes = sumsOf<T>(tile, block) + x * sumPixel<T>(tile);
    for (let step = tile.first; step < tile.last; step++, spikes += 16 * sizeof<T>()) {
      const s0 = v128.load(spikes);
      const s1 = v128.load(spikes, 16);
      sent0 = i16x8.add(sent0, i16x8.abs(s0));
      sent1 = i16x8.add(sent1, i16x8.abs(s1));
      events0 = i16x8.sub(events0, i16x8.ne(s0, none));
      events1 = i16x8.sub(events1, i16x8.ne(s1, none));
    }
    storeTotals(tile.magnitude + neuron, sent0, sent1, first);
    storeTotals(tile.events + neuron, events0, events1, first);
  }
}

/** Adds 16 numbers of 16 bits to those of 32 at \`totals\`, which are 0 before the first step. */
function storeTotals(totals: usize, low: v128, high: v128, first: bool): void {
  if (first) memory.fill(totals, 0, 64);
  addShorts(totals, low);
  addShorts(totals + 32, high);
}
`;

/** Bits of 16 spikes that lie as bytes, by sign, where there are any. */
const storeSigns = (planes) => `
      if (!v128.any_true(spikes)) continue;
      const size = i8x16.abs(spikes);
      const isNegative = i8x16.bitmask(spikes);${each(planes, (p) => `
      const bits${p} = i8x16.bitmask(i16x8.shl(size, ${7 - p}));
      store<u16>(${planeAt(p)}, <u16>(bits${p} & ~isNegative));
      store<u16>(${planeAt(planes + p)}, <u16>(bits${p} & isNegative));`)}`;

/** The same in two's complement: the sign's plane is the last. */
const storeComplement = (planes) => `
      if (!v128.any_true(spikes)) continue;${each(planes, (p) => `
      store<u16>(${planeAt(p)}, <u16>i8x16.bitmask(i16x8.shl(spikes, ${7 - p})));`)}
      store<u16>(${planeAt(planes)}, <u16>i8x16.bitmask(spikes));`;

const planeAt = (p) => (p === 0 ? "out" : `out + plane${p}`);

/** @param count of the planes that are written; `store`: a step's */
const storePlanes = (name, count, store, call = "") => `
/** Writes the row's spikes to their planes, which were zero before (src/simulator/wasm/running/run-stages.ts), and as bytes where anybody reads those. */
function ${name}<T>(tile: TileArguments, block: i32): void {${call}
  const outStep = tile.outStep;
  const outPixel = tile.outPixel;
  const toPixel = sumPixel<T>(tile);
  const steps = <usize>(tile.last - tile.first) * (16 * sizeof<T>());${each(count - 1, (p) => `
  const plane${p + 1} = tile.outPlane * ${p + 1};`)}
  // where nobody reads bytes, all of them go to one place
  const hasValues = tile.values != 0;
  const valuesStep = hasValues ? tile.valuesStep : 0;
  const valuesPixel = hasValues ? tile.valuesPixel : 0;
  let values = hasValues ? valuesOf(tile, block) : unread;
  let outs = outOf(tile, block, 0);
  let from = sumsOf<T>(tile, block);
  for (let x = tile.width; x > 0; x--) {
    const past = from + steps;
    let out = outs;
    let value = values;
    for (let at = from; at < past; at += 16 * sizeof<T>(), out += outStep, value += valuesStep) {
      const spikes = i8x16.narrow_i16x8_s(v128.load(at), v128.load(at, 16));
      v128.store(value, spikes);${store}
    }
    outs += outPixel;
    values += valuesPixel;
    from += toPixel;
  }
}
`;

const storeValues = `
/** Nobody reads it. */
const unread = memory.data(16, 16);

/** The bytes of (block, x 0) at the tile's first step. */
function valuesOf(tile: TileArguments, block: i32): usize {
  return (
    tile.values +
    <usize>tile.y * tile.valuesRow +
    <usize>tile.first * tile.valuesStep +
    (<usize>block << 4)
  );
}

/** Writes the row's spikes as bytes alone. */
function storeValues<T>(tile: TileArguments, block: i32): void {
  const valuesStep = tile.valuesStep;
  const steps = <usize>(tile.last - tile.first) * (16 * sizeof<T>());
  let values = valuesOf(tile, block);
  let from = sumsOf<T>(tile, block);
  for (let x = tile.width; x > 0; x--) {
    let value = values;
    for (let at = from; at < from + steps; at += 16 * sizeof<T>(), value += valuesStep)
      v128.store(value, i8x16.narrow_i16x8_s(v128.load(at), v128.load(at, 16)));
    values += tile.valuesPixel;
    from += sumPixel<T>(tile);
  }
}
`;

const nearestKernel = (planes) =>
  storePlanes(`storeSigns${planes}`, 2 * planes, storeSigns(planes)) +
  storePlanes(`storeComplement${planes}`, planes + 1, storeComplement(planes), "\n  noteCall(34);") +
  entries(
    `fireRefine${planes}`,
    27,
    (type) => `
  const first = isFirst(tile);
  const stored = storedOf(tile);
  for (let block = 0; block < tile.blocks; block++) {
    stepRow<${type}>(tile, block, 0, first, stored);
    stepRow<${type}>(tile, block, 1, first, stored);
    if (tile.out != 0 && tile.complement != 0) storeComplement${planes}<${type}>(tile, block);
    else if (tile.out != 0) storeSigns${planes}<${type}>(tile, block);
    else if (tile.values != 0) storeValues<${type}>(tile, block);
    if (stored & 1) addTotals<${type}>(tile, block, first);
  }`,
  );

// ------------------------------------------------------------------------------------------------ any θ

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
  let events = i16x8.splat(0);
  const isBySign = tile.out != 0 && tile.complement == 0;
  const isComplement = tile.out != 0 && tile.complement != 0;
  const hasValues = tile.values != 0;
  const valuesStep = hasValues ? tile.valuesStep : 0;
  let value = hasValues ? valuesOf(tile, block) + x * tile.valuesPixel + (half << 3) : unread;${stepLoop(" + (half << 3) * sizeof<T>()", " + half")}
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
    if (isBySign) {
      store<u8>(out + ${p} * outPlane, <u8>(bits${p} & ~isNegative));
      store<u8>(out + ${planes + p} * outPlane, <u8>(bits${p} & isNegative));
    }
    s = v128.or(s, v128.andnot(i16x8.splat(${2 ** p}), silent${p}));`;

const close = (planes) => `
    sent = i16x8.add(sent, s);
    events = i16x8.sub(events, i16x8.ne(s, i16x8.splat(0)));
    s = withSign16(s, sign);
    const bytes = i8x16.narrow_i16x8_s(s, s);
    v128.store64_lane(value, bytes, 0);
    value += valuesStep;
    if (isComplement) {${each(planes, (p) => `
      store<u8>(out + ${p} * outPlane, <u8>i8x16.bitmask(i16x8.shl(bytes, ${7 - p})));`)}
      store<u8>(out + ${planes} * outPlane, <u8>i8x16.bitmask(bytes));
    }
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

const climbKernel = (planes) => `${open(planes)}${downFrom(planes).map(climb(planes)).join("")}${close(planes)}
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

export const files = [
  fireFile(
    "fire-refine.ts",
    "fire-refine.mjs",
    [
      "Neuron kernels that refine: V and N in units of the present quantum are doubled as often as it is halved; a spike is ⌊V/θ + ½⌋ within",
      "−min(N, g)…g. With θ below 2¹⁵ float32 finds it, exactly; else its bits are found from the highest down by comparing with 2^p·θ. See",
      "src/graph/snn.ts, Refinement.",
    ],
    "addShorts, magnitudeOf, neuronOf, outOf, sumOf, withSign16, withSign32",
    stepRow + storeValues + planeCounts.map(nearestKernel).join("") + planeCounts.map(climbKernel).join(""),
    "isFirst, storedOf, sumPixel, sumsOf, TileArguments",
  ),
];
