/**
 * Writes fire-refine.ts: neuron kernels that refine a value, unrolled plane by plane.
 *
 *   node assembly/spiking/generate-refine.mjs
 *
 * V and N are doubled as often as the quantum is halved; then a spike is ⌊V/θ + ½⌋, found by the ladder of generate-fire.mjs. Eight
 * channels of a pixel stay in registers over a tile's steps.
 */
import { climbBits, downFrom, each, entries, stepLoop, writeKernels } from "./fire-parts.mjs";

const both = (lines) => each(2, lines);

const open = (planes) => `
// @ts-ignore: decorator
@inline
function fireRefine${planes}<T>(tile: TileArguments, block: i32, x: usize, half: usize): void {
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
    const i# = sizeof<T>() == 2 ? v128.load16x4_s(sum, 8 * #) : v128.load(sum, 16 * #);
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

const kernel = (planes) =>
  open(planes) +
  downFrom(planes).map(climb(planes)).join("") +
  close +
  entries(
    `fireRefine${planes}`,
    27,
    (type) => `
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      fireRefine${planes}<${type}>(tile, block, x, 0);
      fireRefine${planes}<${type}>(tile, block, x, 1);
    }
  }`,
  );

writeKernels(
  "fire-refine.ts",
  "generate-refine.mjs",
  [
    "Neuron kernels that refine: V and N in units of the present quantum are doubled as often as it is halved; a spike is ⌊V/θ + ½⌋ within",
    "−min(g, N)…g, its bits found from the highest down by comparing with 2^p·θ. See src/graph/snn.ts, Refinement.",
  ],
  "addShorts, magnitudeOf, neuronOf, outOf, sumOf, withSign16, withSign32",
  [1, 2, 3, 4].map(kernel).join(""),
);
