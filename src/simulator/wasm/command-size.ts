/**
 * How much room a kernel's arguments take.
 *
 * Knows: sizes of the structures of assembly/spiking. May not know: their contents.
 */

/** Words of a Segment; bytes of an ActiveSegment; room for the arguments before the segments or list groups. */
export const segmentWords = 9;
export const activeBytes = 24;
export const argumentBytes = 256;
export const listGroupWords = 10;

/** Bytes of the arguments of a block with that many segments and one of a rows kernel, or a list layer with that many groups. */
export function commandBytes(parts: number): number {
  return argumentBytes + (parts + 1) * (segmentWords * 4 + activeBytes);
}
