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
