/**
 * SHA-256 as hexadecimal text, in Node and in the browser alike.
 *
 * Knows: bytes. May not know: what they stand for.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** SHA-256 of the parts one after the other, 64 lower-case hexadecimal digits. */
export function hashBytes(...parts: readonly Uint8Array[]): string {
  const hash = sha256.create();
  for (const part of parts) hash.update(part);
  return bytesToHex(hash.digest());
}

/** The raw bytes of a typed array, without copying. */
export function viewBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** SHA-256 of a text's UTF-8 bytes. */
export function hashText(text: string): string {
  return hashBytes(new TextEncoder().encode(text));
}

/** JSON with keys sorted at every level: equal values give equal text. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item !== null && typeof item === "object" && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : item,
  );
}
