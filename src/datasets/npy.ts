/**
 * NPY and NPZ, NumPy's file formats for arrays.
 *
 * Knows: versions 1 to 3, integers, booleans and floats of 4 and 8 bytes, both byte orders, both orders of
 * axes. May not know: what the arrays mean.
 *
 * Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays". Assumes a
 * little-endian machine, as every engine this runs on is.
 */
import { zipSync } from "fflate";
import { type RespikeError, refuseInput, refuseUsage } from "../core/respike-error.js";
import { viewBytes } from "../core/sha256.js";

export type NpyData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export interface NpyArray {
  readonly shape: readonly number[];
  /** Last axis fastest, whatever the file's order was. */
  readonly data: NpyData;
  /** NumPy's name of the file's element type: `<f4`, `|u1`, `|b1`. */
  readonly descr: string;
}

type DataConstructor = (new (buffer: ArrayBuffer) => NpyData) & { readonly BYTES_PER_ELEMENT: number };

const constructors: Readonly<Record<string, DataConstructor>> = {
  b1: Uint8Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  f4: Float32Array,
  f8: Float64Array,
};

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const mostAxes = 32;

/**
 * Reads one array; the result owns its data.
 *
 * @param where names the file in errors
 * @throws RespikeError (exit 3) for a broken header, other element types (complex, text, objects,
 *   half floats), and where the file is not exactly as long as its shape says
 */
export function parseNpy(bytes: Uint8Array, where = "npy"): NpyArray {
  const fail = (rule: string, value: string, cause?: unknown) => refuseNpy(where, rule, value, cause);
  const { text, start } = readHeader(bytes, fail);
  const { descr, fortran, shape } = parseHeader(text, fail);
  const [, order = "", kind = ""] = /^([<>|=])([a-z][1-9][0-9]*)$/.exec(descr) ?? [];
  const Data = constructors[kind];
  if (Data === undefined || (order === "|" && Data.BYTES_PER_ELEMENT > 1)) {
    throw fail("elements are integers, booleans, float32 or float64", descr);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const wanted = start + count * Data.BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(count) || bytes.length !== wanted) {
    throw fail(
      `shape (${shape}) of ${descr} after ${start} bytes of header: ${wanted} bytes`,
      `${bytes.length} bytes`,
    );
  }
  // Not bytes.slice, which is no copy where the caller hands over a Buffer.
  const body = new Uint8Array(bytes.subarray(start));
  if (order === ">") swapBytes(body, Data.BYTES_PER_ELEMENT);
  const data = new Data(body.buffer);
  return { shape, data: fortran ? toRowMajor(data, shape) : data, descr };
}

type Fail = (rule: string, value: string, cause?: unknown) => RespikeError;

function refuseNpy(where: string, rule: string, value: string, cause?: unknown): RespikeError {
  return refuseInput(
    {
      code: "bad-npy",
      where,
      rule,
      value,
      next: "write it again with numpy.save(file, array, allow_pickle=False)",
    },
    cause,
  );
}

function readHeader(bytes: Uint8Array, fail: Fail): { readonly text: string; readonly start: number } {
  if (bytes.length < 12 || magic.some((byte, at) => bytes[at] !== byte)) {
    throw fail("begins with \\x93NUMPY", bytes.length < 12 ? `${bytes.length} bytes` : "another beginning");
  }
  const version = bytes[6] as number;
  if (version < 1 || version > 3 || bytes[7] !== 0)
    throw fail("version 1.0, 2.0 or 3.0", `${version}.${bytes[7]}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = version === 1 ? 10 : 12;
  const start = begin + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) throw fail(`a header up to byte ${start}`, `${bytes.length} bytes`);
  if (start > 65_536 + begin) throw fail("a header of at most 64 KiB", `${start} bytes`);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(begin, start));
    return { text, start };
  } catch (cause) {
    throw fail("the header is text", "other bytes", cause);
  }
}

/** The header is the Python text of a dictionary with exactly `descr`, `fortran_order` and `shape`. */
function parseHeader(text: string, fail: Fail) {
  const body = /^\{(.*)\}\s*$/s.exec(text)?.[1];
  const item =
    /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|\(([\d\s,L]*)\))\s*(?:,|$)/sy;
  const found = new Map<string, string>();
  let at = 0;
  while (body !== undefined && body.slice(at).trim() !== "") {
    item.lastIndex = at;
    const match = item.exec(body);
    const value = match?.[3] ?? match?.[4] ?? match?.[5] ?? match?.[6];
    if (match === null || value === undefined || found.has(match[2] as string)) {
      throw fail("the header has a plain descr, fortran_order and shape", text.trim().slice(0, 200));
    }
    found.set(match[2] as string, value);
    at = item.lastIndex;
  }
  const descr = found.get("descr");
  const order = found.get("fortran_order");
  const axes = found.get("shape");
  const sizes = (axes ?? "x").split(",").map((size) => size.trim().replace(/L$/, ""));
  if (sizes.at(-1) === "") sizes.pop();
  const shape = sizes.map(Number);
  const whole = shape.every((size) => Number.isSafeInteger(size) && size >= 0) && !sizes.includes("");
  if (descr === undefined || (order !== "True" && order !== "False") || !whole || shape.length > mostAxes) {
    throw fail("the header has a plain descr, fortran_order and shape", text.trim().slice(0, 200));
  }
  return { descr, fortran: order === "True", shape };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** First axis fastest → last axis fastest. */
function toRowMajor(data: NpyData, shape: readonly number[]): NpyData {
  const result = data.slice();
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from] as never;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}

function describeType(data: NpyData): string {
  const kind = Object.entries(constructors).find(
    ([name, Data]) => name !== "b1" && data instanceof Data,
  )?.[0] as string;
  return `${data.BYTES_PER_ELEMENT === 1 ? "|" : "<"}${kind}`;
}

/**
 * Writes one array as NPY 1.0, last axis fastest; the same bytes for the same array.
 *
 * @throws RangeError where shape and data disagree (a defect of the caller)
 */
export function encodeNpy(shape: readonly number[], data: NpyData): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length) throw new RangeError(`array of shape [${shape}] given ${data.length} elements`);
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${describeType(data)}', 'fortran_order': False, 'shape': (${axes}), }`;
  const start = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set(magic);
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(start - 11)}\n`), 10);
  bytes.set(viewBytes(data), start);
  return bytes;
}

/** What an NPZ may hold before compression: beyond it, readers without Zip64 fail. */
export const largestNpz = 2 ** 31;

/**
 * Writes arrays as NPZ (a zip of NPY files), lightly compressed, with a fixed date:
 * the same bytes for the same arrays. `numpy.load(file)["layer1.0/spikes"]` reads them.
 *
 * @param arrays name → array; a name may hold slashes
 * @throws RespikeError (exit 2) where the arrays have more than 2 GiB together
 */
export function encodeNpz(
  arrays: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: NpyData }>>,
): Uint8Array {
  const total = Object.values(arrays).reduce((sum, { data }) => sum + data.byteLength, 0);
  if (total > largestNpz) {
    throw refuseUsage({
      code: "recording-too-large",
      where: "--record",
      rule: "a recording has at most 2 GiB",
      value: `${total} bytes`,
      next: "record fewer layers (--layers) or steps (-T)",
    });
  }
  const files = Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [`${name}.npy`, encodeNpy(shape, data)]),
  );
  return zipSync(files, { level: 1, mtime: new Date(1980, 0, 1) });
}
