/**
 * How an image enters the network: as fixed-point constant currents or as random spikes.
 *
 * Knows: the fixed point of graph/snn.ts and the generator of `--input poisson`.
 * May not know: kernels, layers.
 */
import { randomUnit } from "../core/counter-random.js";

/** One in fixed point: 2¹⁶. */
export const pixelUnit = 65_536;

/** p = ⌊x̂·2¹⁶ + ½⌋: the pixel in fixed point, exact in a double. */
export function fixPixel(x: number): number {
  return Math.floor(x * pixelUnit + 0.5);
}

/** ⌊(Σ w·p + 2¹⁵)/2¹⁶⌋: the current of fixed-point pixels through integer weights, rounded once. */
export function roundCurrent(sum: number): number {
  return Math.floor((sum + pixelUnit / 2) / pixelUnit);
}

/**
 * Whether a pixel spikes in step t: with probability x̂, drawn from seed, index of the image in its
 * data set, pixel (position in [C,H,W]) and t = 1…T; the same on any thread and in any batch.
 */
export function drawPixelSpike(
  x: number,
  seed: number,
  imageIndex: number,
  pixel: number,
  t: number,
): boolean {
  return randomUnit(seed, imageIndex, pixel, t) < x;
}
