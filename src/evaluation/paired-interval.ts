/**
 * The 95 % interval of a difference of two accuracies measured on the same images.
 *
 * Knows: the numbers of images that only one of the two got right. May not know: networks.
 */

/**
 * 100·(b − c ± 1.96·√(b + c − (b − c)²/m))/m with b = annOnly + ½, c = snnOnly + ½, m = n + 2: the adjusted Wald
 * interval of Agresti and Min (2005), "Simple improved confidence intervals for comparing matched proportions".
 *
 * @param annOnly images that only the network got right
 * @param snnOnly images that only its spiking version got right
 * @param n all images
 * @returns the loss's interval in points
 * @example pairedInterval(30, 10, 1000) // [0.74…, 3.24…]
 */
export function pairedInterval(annOnly: number, snnOnly: number, n: number): readonly [number, number] {
  const [b, c, m] = [annOnly + 0.5, snnOnly + 0.5, n + 2];
  const half = 1.96 * Math.sqrt(b + c - (b - c) ** 2 / m);
  return [(100 * (b - c - half)) / m, (100 * (b - c + half)) / m];
}
