/**
 * Bytes as a plain Uint8Array over the same memory.
 *
 * Knows: that Node's Buffer is a Uint8Array whose `slice` does not copy. May not know: Node itself, formats.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
