/**
 * Where the label stands among the outputs.
 *
 * Knows: ties go to the lower class. May not know: how outputs came about.
 */

/** Number of classes that stand before `label`: larger outputs, and equal ones of a lower class. */
export function rankLabel(outputs: ArrayLike<number>, label: number): number {
  const own = outputs[label] as number;
  let before = 0;
  for (let k = 0; k < outputs.length; k++) {
    const other = outputs[k] as number;
    if (other > own || (other === own && k < label)) before++;
  }
  return before;
}

/** 1 where the label is among the five largest. */
export function isTopFive(outputs: ArrayLike<number>, label: number): number {
  return rankLabel(outputs, label) < 5 ? 1 : 0;
}
