/**
 * How much room a kernel's arguments take.
 *
 * Knows: sizes of the structures of assembly/spiking. May not know: their contents.
 */

import { eventWindowWords } from "./event-memory.js";

/** Words of a Segment, its plane's two included; bytes of an ActiveSegment; room for the arguments before the segments or list groups. */
export const segmentWords = 11;
export const activeBytes = 24;
export const argumentBytes = 256;
export const listGroupWords = 11;
/** Bytes of a StackStep and of a StackedPlane. */
export const stackStepBytes = 8;
export const stackedPlaneBytes = 16;
/** Words of a Pass. */
export const passWords = 8;

/** Bytes of the arguments of a layer with that many parts: segments and passes (event windows among them), or groups of a list layer. */
export function commandBytes(parts: number): number {
  return argumentBytes + (parts + 1) * ((segmentWords + passWords + eventWindowWords) * 4 + activeBytes);
}
