/**
 * Which steps of a run are read.
 *
 * Knows: T, the readout, how many steps it leaves out. May not know: layers, images.
 */
import { stepsLeftOut } from "../../conversion/convert-options.js";
import type { Readout } from "../../graph/node-types.js";
import { firstMeanStep } from "../../simulator/read-output.js";

/** The steps d+1…T. */
export interface ReadSteps {
  /** T */
  readonly steps: number;
  /** d: steps at the beginning that nothing is read of. */
  readonly left: number;
}

/** d is that of a mean; counts and final values are of all T steps, and so is a mean whose d leaves no step. */
export function readSteps(steps: number, readout: Readout, delay: number): ReadSteps {
  return { steps, left: firstMeanStep(steps, stepsLeftOut({ readout, delay })) };
}
