/**
 * Named tensors to safetensors bytes: equal input, equal bytes.
 *
 * Knows: the layout. May not know: what tensors mean.
 *
 * Names are sorted by code unit, also in the data; the header is padded with spaces to a multiple
 * of 8 bytes; tensors stand in order of falling element size, then name, so that each is aligned.
 */
import { viewBytes } from "../../core/sha256.js";
import { bytesPerElement, type ElementType, type Tensor } from "../../core/tensor.js";

const dtypes: Readonly<Record<ElementType, string>> = {
  float32: "F32",
  float64: "F64",
  int8: "I8",
  uint8: "U8",
  int16: "I16",
  int32: "I32",
  int64: "I64",
};

/** Sorts texts by code unit, as `<` compares them; the same in every locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * @param tensors read only
 * @param metadata texts for `__metadata__`; left out where empty
 * @returns a new buffer
 * @example
 * ```ts
 * encodeSafetensors(new Map([["conv1.weight", weight]]), { respike: JSON.stringify({ arch: "resnet8" }) });
 * ```
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      bytesPerElement[b.dtype] - bytesPerElement[a.dtype] || compareText(nameA, nameB),
  );
  const header: Record<string, unknown> = {};
  let size = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    header[name] = { dtype: dtypes[dtype], shape, data_offsets: [size, size + data.byteLength] };
    size += data.byteLength;
  }
  const head = encodeHeader(header, metadata);
  const bytes = new Uint8Array(8 + head.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  let at = 8 + head.length;
  for (const [, { data }] of ordered) {
    bytes.set(littleEndianBytes(data), at);
    at += data.byteLength;
  }
  return bytes;
}

function encodeHeader(
  header: Readonly<Record<string, unknown>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const sorted = (record: Readonly<Record<string, unknown>>) =>
    Object.entries(record).sort(([a], [b]) => compareText(a, b));
  const parts = sorted(header).map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  if (Object.keys(metadata).length > 0) {
    const texts = sorted(metadata).map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    parts.unshift(`"__metadata__":{${texts.join(",")}}`);
  }
  const text = new TextEncoder().encode(`{${parts.join(",")}}`);
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  return padded;
}

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function littleEndianBytes(data: ArrayBufferView): Uint8Array {
  const bytes = viewBytes(data);
  if (hostIsLittle) return bytes;
  const width = (data as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
  const swapped = bytes.slice();
  for (let at = 0; at < swapped.length; at += width) swapped.subarray(at, at + width).reverse();
  return swapped;
}
