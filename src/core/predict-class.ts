/**
 * From readout values to a class.
 *
 * Knows: ties go to the lowest class. May not know: labels, how values came about.
 */

/**
 * The class of the largest value, the lowest on a tie.
 *
 * @param outputs values of one image at one time, [classes]
 * @example predictClass([1, 3, 3]) // 1
 */
export function predictClass(outputs: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < outputs.length; index++) {
    if ((outputs[index] as number) > (outputs[best] as number)) best = index;
  }
  return best;
}

/**
 * The class of each of n images.
 *
 * @param outputs [n,classes]
 */
export function predictClasses(outputs: Float32Array | Float64Array, n: number): Int32Array {
  const classes = outputs.length / n;
  return Int32Array.from({ length: n }, (_, image) =>
    predictClass(outputs.subarray(image * classes, (image + 1) * classes)),
  );
}
