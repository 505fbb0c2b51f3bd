/**
 * How far a spiking network's outputs are from the network's, at each time: ε and disagreement.
 *
 * Knows: outputs. May not know: labels, layers, what an error costs.
 */
import { predictClass } from "../../core/predict-class.js";
import { jackknifeError } from "./beyond-chance.js";

export interface OutputError {
  readonly t: number;
  /** ε: RMS of (spiking − network's outputs) over the standard deviation of the network's; null where they are all equal. */
  readonly epsilon: number | null;
  /** Percent of the images that the two put into different classes. */
  readonly disagreement: number;
}

export interface ComparedOutputs {
  readonly n: number;
  /** [n,classes] */
  readonly logits: Float32Array;
  /** [n][at][classes] */
  readonly outputs: Float64Array;
}

/** What spiking outputs stand for. */
export interface OutputCode {
  /** What a unit of the output at time t is in the network's: 1, or λ/t of counts. */
  readonly scaleOf: (t: number) => number;
  /** The smallest output that can be told: 0 where output neurons count. */
  readonly least: number;
}

export const plainCode: OutputCode = { scaleOf: () => 1, least: Number.NEGATIVE_INFINITY };

/** @param at times of the outputs */
export function measureOutputErrors(
  { n, logits, outputs }: ComparedOutputs,
  at: readonly number[],
  { scaleOf, least }: OutputCode = plainCode,
): readonly OutputError[] {
  const classes = logits.length / n;
  const wanted = logits.map((value) => Math.max(value, least));
  const deviation = standardDeviation(wanted);
  return at.map((t, snapshot) => {
    const scale = scaleOf(t);
    let [squares, differing] = [0, 0];
    for (let image = 0; image < n; image++) {
      const own = logits.subarray(image * classes, (image + 1) * classes);
      const from = (image * at.length + snapshot) * classes;
      const spiking = outputs.subarray(from, from + classes);
      for (let k = 0; k < classes; k++) {
        squares += ((spiking[k] as number) * scale - (wanted[image * classes + k] as number)) ** 2;
      }
      differing += Number(predictClass(spiking) !== predictClass(own));
    }
    return {
      t,
      epsilon: deviation > 0 ? Math.sqrt(squares / logits.length) / deviation : null,
      disagreement: (100 * differing) / n,
    };
  });
}

/**
 * Standard error of ε over the images at one time (jackknife): ε again without each image, in its denominator too.
 * Null of a single image, and where the network's outputs are all equal without one.
 *
 * @param compared outputs of time t alone, [n,classes]
 */
export function estimateEpsilonError(
  { n, logits, outputs }: ComparedOutputs,
  t: number,
  { scaleOf, least }: OutputCode = plainCode,
): number | null {
  const classes = logits.length / n;
  const wanted = Float64Array.from(logits, (value) => Math.max(value, least));
  const mean = addUp(wanted) / wanted.length;
  const centred = wanted.map((value) => value - mean);
  const scaled = outputs.map((value) => value * scaleOf(t));
  const errors = sumSquares(wanted, scaled, n);
  const squares = sumSquares(centred, new Float64Array(centred.length), n);
  const sums = squares.map((_, image) => addUp(centred.subarray(image * classes, (image + 1) * classes)));
  const [error, square, sum] = [errors, squares, sums].map(addUp) as [number, number, number];
  const others = (n - 1) * classes;
  const without = errors.map((own, image) => {
    const offset = (sum - (sums[image] as number)) / others;
    const variance = (square - (squares[image] as number)) / others - offset ** 2;
    return Math.sqrt(Math.max(0, error - own) / others / variance);
  });
  return without.every(Number.isFinite) ? jackknifeError(without) : null;
}

const addUp = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);

/** RMS of the difference of outputs of one time, [n,classes] both. */
export function rmsDifference(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < one.length; i++) squares += ((one[i] as number) - (other[i] as number)) ** 2;
  return Math.sqrt(squares / one.length);
}

/** Squares of the difference of outputs of one time, [n,classes] both, of each image. */
export function sumSquares(one: ArrayLike<number>, other: ArrayLike<number>, n: number): Float64Array {
  const classes = one.length / n;
  const sums = new Float64Array(n);
  for (let i = 0; i < one.length; i++) {
    const image = Math.floor(i / classes);
    sums[image] = (sums[image] as number) + ((one[i] as number) - (other[i] as number)) ** 2;
  }
  return sums;
}

function standardDeviation(values: ArrayLike<number>): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - mean) ** 2;
  return Math.sqrt(squares / values.length);
}
