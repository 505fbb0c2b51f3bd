/**
 * One layer's counts at T beside the activations they stand for.
 *
 * Knows: N, λ and a of the same images. May not know: threads, other chunks.
 */
import { countElements } from "../core/tensor.js";
import type { Shape } from "../graph/node-types.js";
import type { LayerRecordSums } from "./chunk-record.js";
import { toFixed } from "./exact-sums.js";

export interface LayerComparison {
  readonly shape: Shape;
  /** The count that stands for λ: T, or where the layer refines the quanta of λ at T. */
  readonly full: number;
  /** The count that is called saturated, and what it stands for over λ: T and 1, or the largest count that T steps allow. */
  readonly most: number;
  readonly n: number;
  /** Counts of image i at T. */
  readonly countsOf: (image: number) => Int32Array;
  /** Activations [n,C,H,W], or null without the network. */
  readonly activations: Float32Array | null;
  /** λ, one or one a channel. */
  readonly lambda: readonly number[];
}

/**
 * Sums over pairs (image, neuron); y = min(max(a, 0), c·λ)/λ, c = most/full, 0 where λ is 0 (a dead channel never fires).
 */
export function compareLayer(layer: LayerComparison): LayerRecordSums {
  let [counts, countSquares] = [0n, 0n];
  let [largest, saturated, silent] = [0, 0, 0];
  for (let image = 0; image < layer.n; image++) {
    const own = sumImage(layer.countsOf(image), layer.most);
    counts += BigInt(own.sum);
    countSquares += BigInt(own.squares);
    largest = Math.max(largest, own.largest);
    saturated += own.saturated;
    silent += own.silent;
  }
  return {
    counts: String(counts),
    countSquares: String(countSquares),
    largest,
    saturated,
    silent,
    agreement: layer.activations === null ? null : compareRates(layer, layer.activations),
  };
}

function sumImage(counts: Int32Array, most: number) {
  let [sum, squares, largest, saturated, silent] = [0, 0, 0, 0, 0];
  for (let at = 0; at < counts.length; at++) {
    const count = Math.abs(counts[at] as number);
    const fromTop = count - most;
    sum += count;
    squares += count * count;
    if (count > largest) largest = count;
    // 1 where the number is 0, without a branch that would be guessed wrongly every other time.
    silent += 1 - ((count | -count) >>> 31);
    saturated += 1 - ((fromTop | -fromTop) >>> 31);
  }
  return { sum, squares, largest, saturated, silent };
}

function compareRates(layer: LayerComparison, activations: Float32Array): LayerRecordSums["agreement"] {
  const size = countElements(layer.shape);
  const total = {
    rates: 0n,
    rateSquares: 0n,
    products: 0n,
    errors: 0n,
    low: Number.POSITIVE_INFINITY,
    high: 0,
  };
  for (let image = 0; image < layer.n; image++) {
    const own = activations.subarray(image * size, (image + 1) * size);
    const sums = compareImage(layer, own, layer.countsOf(image));
    for (const name of ["rates", "rateSquares", "products", "errors"] as const) {
      const fixed = toFixed(sums[name]);
      if (fixed === null) return null;
      total[name] += fixed;
    }
    total.low = Math.min(total.low, sums.low);
    total.high = Math.max(total.high, sums.high);
  }
  const { rates, rateSquares, products, errors, low, high } = total;
  return {
    rates: String(rates),
    rateSquares: String(rateSquares),
    products: String(products),
    errors: String(errors),
    low: Number.isFinite(low) ? low : 0,
    high,
  };
}

function compareImage(
  { shape, full, most, lambda }: LayerComparison,
  activations: Float32Array,
  counts: Int32Array,
) {
  const area = shape[1] * shape[2];
  const ceiling = most / full;
  const bits = new Int32Array(activations.buffer, activations.byteOffset, activations.length);
  let [rates, rateSquares, products, errors] = [0, 0, 0, 0];
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (let channel = 0, at = 0; channel < shape[0]; channel++) {
    const top = lambda[lambda.length === 1 ? 0 : channel] as number;
    const scale = top > 0 ? top : Number.POSITIVE_INFINITY;
    const [least, greatest] = findRange(bits, at, at + area);
    for (const end = at + area; at < end; at++) {
      const y = clipRate((activations[at] as number) / scale, ceiling);
      const count = counts[at] as number;
      rates += y;
      rateSquares += y * y;
      products += count * y;
      errors += Math.abs(count / full - y);
    }
    low = Math.min(low, clipRate(least / scale, ceiling));
    high = Math.max(high, clipRate(greatest / scale, ceiling));
  }
  return { rates, rateSquares, products, errors, low, high };
}

/** Into 0…ceiling; NaN stays, and toFixed finds it. Math.min and Math.max would branch where values change at random. */
function clipRate(y: number, ceiling: number): number {
  if (y > ceiling) return ceiling;
  if (y < 0) return 0;
  return y;
}

/**
 * Smallest (0 where one is negative) and largest value, found in the bits, which floats that are not negative have in
 * their order: several times faster than to compare floats. NaN may be either.
 */
function findRange(bits: Int32Array, from: number, end: number): [least: number, most: number] {
  let [least, most] = [bits[from] as number, bits[from] as number];
  for (let at = from; at < end; at++) {
    const word = bits[at] as number;
    if (word < least) least = word;
    if (word > most) most = word;
  }
  const range = new Float32Array(Int32Array.of(Math.max(0, least), Math.max(0, most)).buffer);
  return [range[0] as number, range[1] as number];
}
