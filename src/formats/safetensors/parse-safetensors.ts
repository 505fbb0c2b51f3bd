/**
 * safetensors bytes to named tensors, checked in full before anything is read.
 *
 * Knows: the layout: header size (uint64, little endian), JSON header, data; and its rules
 * (github.com/huggingface/safetensors, README "Format"): header at most 100 MB, begins with `{`, no
 * duplicate keys, offsets without holes or overlaps over the whole buffer. May not know: what tensors mean.
 */
import { decodeBfloat16, decodeFloat16 } from "../../core/float16.js";
import { type Problem, refuseInput } from "../../core/respike-error.js";
import {
  countElements,
  type ElementType,
  float32Tensor,
  makeTensor,
  type Tensor,
} from "../../core/tensor.js";
import { fileProblem, quote, refuseFile } from "../refuse-file.js";
import { parseStrictJson } from "./parse-strict-json.js";

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of tensors whose type is no number here (F8, …), left aside. */
  readonly unread: readonly string[];
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const maxHeaderBytes = 100_000_000;

const dtypeBytes: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};

/** Whether the bytes begin with a plausible header size and `{`. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 9) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getBigUint64(0, true) <= BigInt(maxHeaderBytes) && bytes[8] === 0x7b;
}

/**
 * @param widen `true` gives F16, BF16 and F64 as float32; `false` keeps F64
 * @returns tensors that own their data
 * @throws RespikeError (exit 3) with every rule of the format that is broken
 */
export function parseSafetensors(bytes: Uint8Array, where: string, widen = true): Safetensors {
  const { header, dataStart } = readHeader(bytes, where);
  const problems: Problem[] = [];
  const complain = (place: string, rule: string, value: string) =>
    problems.push(fileProblem(place, rule, value));
  const metadata = readMetadataMap(header.get("__metadata__"), where, complain);
  const entries: Entry[] = [];
  for (const [name, value] of header) {
    if (name === "__metadata__") continue;
    const entry = readEntry(name, value, complain);
    if (entry !== null) entries.push(entry);
  }
  if (problems.length === 0) checkCoverage(entries, bytes.length - dataStart, where, complain);
  if (problems.length > 0) throw refuseInput(problems.slice(0, 100));
  const tensors = new Map<string, Tensor>();
  const unread: string[] = [];
  for (const entry of entries) {
    const data = bytes.subarray(dataStart + entry.begin, dataStart + entry.end);
    const tensor = decodeElements(entry, data, widen);
    if (tensor === null) unread.push(entry.name);
    else tensors.set(entry.name, tensor);
  }
  return { tensors, metadata, unread };
}

function readHeader(bytes: Uint8Array, where: string) {
  if (bytes.length < 8)
    throw refuseFile(where, "a header size of 8 bytes comes first", `${bytes.length} bytes`);
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (size > BigInt(Math.min(maxHeaderBytes, bytes.length - 8))) {
    throw refuseFile(
      where,
      "the header lies in the file, at most 100 MB",
      `${size} bytes: cut off or damaged`,
    );
  }
  const dataStart = 8 + Number(size);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart));
  } catch {
    throw refuseFile(where, "the header is UTF-8", "it is not");
  }
  if (!text.startsWith("{")) throw refuseFile(where, "the header begins with {", quote(text.slice(0, 10)));
  const header = parseStrictJson(text, `${where}, header`);
  if (!(header instanceof Map)) throw refuseFile(where, "the header is an object", "something else");
  return { header, dataStart };
}

type ComplainAt = (place: string, rule: string, value: string) => void;

function readMetadataMap(value: unknown, where: string, complain: ComplainAt): Record<string, string> {
  const place = `${where}, __metadata__`;
  if (value === undefined) return {};
  if (!(value instanceof Map)) {
    complain(place, "metadata is an object of texts", "something else");
    return {};
  }
  const pairs: [string, string][] = [];
  for (const [key, text] of value as Map<string, unknown>) {
    if (typeof text === "string") pairs.push([key, text]);
    else complain(place, "metadata is an object of texts", quote(key));
  }
  return Object.fromEntries(pairs);
}

function isSizes(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= 64 &&
    value.every((size) => Number.isSafeInteger(size) && size >= 0)
  );
}

function readEntry(name: string, value: unknown, complain: ComplainAt): Entry | null {
  const place = `tensor ${quote(name)}`;
  const fields = value instanceof Map ? (value as Map<string, unknown>) : new Map<string, unknown>();
  const [dtype, shape, offsets] = ["dtype", "shape", "data_offsets"].map((key) => fields.get(key));
  const unknown = [...fields.keys()].filter((key) => !["dtype", "shape", "data_offsets"].includes(key));
  if (
    typeof dtype !== "string" ||
    !isSizes(shape) ||
    !isSizes(offsets) ||
    offsets.length !== 2 ||
    unknown.length > 0
  ) {
    complain(place, "it has dtype, shape and data_offsets of two whole numbers, nothing else", "malformed");
    return null;
  }
  const width = Object.hasOwn(dtypeBytes, dtype) ? dtypeBytes[dtype] : undefined;
  if (width === undefined) {
    complain(place, `dtype is one of ${Object.keys(dtypeBytes).join(", ")}`, quote(dtype));
    return null;
  }
  const [begin, end] = offsets as [number, number];
  const size = countElements(shape) * width;
  if (end - begin !== size) {
    complain(place, "data_offsets span the shape's bytes", `[${begin},${end}] for ${size} bytes`);
    return null;
  }
  return { name, dtype, shape, begin, end };
}

/** Data must be covered from first to last byte, once. */
function checkCoverage(entries: readonly Entry[], size: number, where: string, complain: ComplainAt): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) {
      complain(
        `tensor ${quote(name)}`,
        "tensors follow each other without holes or overlaps",
        `${begin} after ${at}`,
      );
      return;
    }
    at = end;
  }
  if (at !== size)
    complain(
      where,
      "the tensors cover the data",
      `tensors of ${at} bytes, data of ${size}: cut off or damaged`,
    );
}

type Decode = (view: DataView, count: number) => Tensor["data"];

/** Typed array of `count` elements, each read from the view by its index. */
function fill<D extends Exclude<Tensor["data"], BigInt64Array>>(data: D, read: (at: number) => number): D {
  for (let at = 0; at < data.length; at++) data[at] = read(at);
  return data;
}

/** What each dtype becomes; F64 is narrowed afterwards where asked for. Others are no numbers here. */
const decoders: Readonly<Record<string, readonly [ElementType, Decode]>> = {
  F32: ["float32", (view, n) => fill(new Float32Array(n), (at) => view.getFloat32(4 * at, true))],
  F16: [
    "float32",
    (view, n) => fill(new Float32Array(n), (at) => decodeFloat16(view.getUint16(2 * at, true))),
  ],
  BF16: [
    "float32",
    (view, n) => fill(new Float32Array(n), (at) => decodeBfloat16(view.getUint16(2 * at, true))),
  ],
  F64: ["float64", (view, n) => fill(new Float64Array(n), (at) => view.getFloat64(8 * at, true))],
  I64: ["int64", (view, n) => BigInt64Array.from({ length: n }, (_, at) => view.getBigInt64(8 * at, true))],
  I32: ["int32", (view, n) => fill(new Int32Array(n), (at) => view.getInt32(4 * at, true))],
  I16: ["int16", (view, n) => fill(new Int16Array(n), (at) => view.getInt16(2 * at, true))],
  I8: ["int8", (view, n) => fill(new Int8Array(n), (at) => view.getInt8(at))],
  U8: ["uint8", (view, n) => fill(new Uint8Array(n), (at) => view.getUint8(at))],
};

function decodeElements({ dtype, shape }: Entry, bytes: Uint8Array, widen: boolean): Tensor | null {
  const decoder = decoders[dtype];
  if (decoder === undefined) return null;
  const [type, decode] = decoder;
  const data = decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), countElements(shape));
  if (widen && data instanceof Float64Array) return float32Tensor(shape, Float32Array.from(data));
  return makeTensor(type, shape, data as never);
}
