/**
 * The counts of an image at the last observed time, in a layer's counts at all of them or at T alone.
 *
 * Knows: the order [N][snapshots][neurons]. May not know: what counts mean.
 */
import { countElements } from "../core/tensor.js";
import type { LayerCounts } from "../simulator/backend.js";

/**
 * @param n images in `layer`
 * @returns [C,H,W], a view
 */
export function countsAtEnd(
  { shape, counts }: Pick<LayerCounts, "shape" | "counts">,
  n: number,
  image: number,
): Int32Array {
  const end = (image + 1) * (counts.length / n);
  return counts.subarray(end - countElements(shape), end);
}
