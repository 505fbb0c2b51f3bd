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
  readonly steps: number;
  readonly n: number;
  /** Counts of image i at T. */
  readonly countsOf: (image: number) => Int32Array;
  /** Activations [n,C,H,W], or null without the network. */
  readonly activations: Float32Array | null;
  /** λ, one or one a channel. */
  readonly lambda: readonly number[];
}

/**
 * Sums over pairs (image, neuron); y = min(max(a, 0), λ)/λ, 0 where λ is 0 (a dead channel never fires).
 */
export function compareLayer(layer: LayerComparison): LayerRecordSums {
  const plain = { counts: 0n, countSquares: 0n, largest: 0, saturated: 0, silent: 0 };
  for (let image = 0; image < layer.n; image++) {
    const counts = layer.countsOf(image);
    let [sum, squares] = [0, 0];
    for (let at = 0; at < counts.length; at++) {
      const count = Math.abs(counts[at] as number);
      sum += count;
      squares += count * count;
      if (count > plain.largest) plain.largest = count;
      if (count === 0) plain.silent++;
      if (count === layer.steps) plain.saturated++;
    }
    plain.counts += BigInt(sum);
    plain.countSquares += BigInt(squares);
  }
  return {
    ...plain,
    counts: String(plain.counts),
    countSquares: String(plain.countSquares),
    agreement: layer.activations === null ? null : compareRates(layer, layer.activations),
  };
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
  { shape, steps, lambda }: LayerComparison,
  activations: Float32Array,
  counts: Int32Array,
) {
  const area = shape[1] * shape[2];
  const sums = { rates: 0, rateSquares: 0, products: 0, errors: 0, low: Number.POSITIVE_INFINITY, high: 0 };
  for (let channel = 0, at = 0; channel < shape[0]; channel++) {
    const top = lambda[lambda.length === 1 ? 0 : channel] as number;
    for (let end = at + area; at < end; at++) {
      // Math.max and Math.min keep NaN, which toFixed then finds.
      const y = top > 0 ? Math.min(Math.max(activations[at] as number, 0), top) / top : 0;
      const count = counts[at] as number;
      sums.rates += y;
      sums.rateSquares += y * y;
      sums.products += count * y;
      sums.errors += Math.abs(count / steps - y);
      if (y < sums.low) sums.low = y;
      if (y > sums.high) sums.high = y;
    }
  }
  return sums;
}
