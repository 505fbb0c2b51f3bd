/**
 * An image that is being simulated, in one of the slots of the kernels' memory.
 *
 * Knows: what belongs to one image. May not know: order of work, requests.
 */

import type { SlotMemory } from "../memory/slot-memory.js";
import type { StepRecorder } from "./record-steps.js";

export interface ImageUnderWay {
  readonly slot: number;
  readonly state: SlotMemory;
  /** Its place in the request. */
  readonly index: number;
  /** Its constant current on the outputs. */
  readonly constant: Float64Array;
  /** Counts and potentials that a readout will need, [C,H,W] by stage and time. */
  readonly kept: Map<string, Int32Array | Float64Array>;
  readonly recorder: StepRecorder | undefined;
  spansDone: number;
}
