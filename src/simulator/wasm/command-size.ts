/**
 * How much room a kernel's arguments take.
 *
 * Knows: sizes of the structures of assembly/spiking. May not know: their contents.
 */

/** Words of a Segment; bytes of an ActiveSegment; room for the arguments before the segments or list groups. */
export const segmentWords = 9;
export const activeBytes = 24;
export const argumentBytes = 256;
export const listGroupWords = 11;
/** Words of a Pass. */
export const passWords = 7;

/** Bytes of the arguments of a layer with that many parts: segments and passes, or groups of a list layer. */
export function commandBytes(parts: number): number {
  return argumentBytes + (parts + 1) * (segmentWords * 4 + passWords * 4 + activeBytes);
}
