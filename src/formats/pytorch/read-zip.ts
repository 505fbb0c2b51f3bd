/**
 * Zip archives, checked before anything is unpacked: offsets, sizes, checksums.
 *
 * Knows: end record, central directory, local headers, zip64 (PKWARE APPNOTE 4.3, 4.5.3).
 * May not know: what entries mean. Stored entries are views of the file, deflated ones are
 * unpacked by fflate into a buffer of the size that the directory states.
 */
import { inflateSync } from "fflate";
import { quote, refuseFile } from "../refuse-file.js";
import { crc32 } from "./crc32.js";

interface ZipEntry {
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

const endSize = 22;
const localHeaderSize = 30;
const maxComment = 65_535;
/** The most that deflate can expand: 258 bytes from two bits. */
const maxExpansion = 1032;
/** What all deflated entries of one archive may hold together. */
const maxInflated = 2 ** 31;

/**
 * Reads an archive's directory.
 *
 * @throws RespikeError (exit 3) for a damaged directory, entries outside the file or over each other, or twice the same name
 */
export function readZipDirectory(bytes: Uint8Array, where: string): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, start, size } = findDirectory(view, where);
  const entries = new Map<string, ZipEntry>();
  let at = start;
  for (let index = 0; index < count; index++) {
    if (at + 46 > start + size || view.getUint32(at, true) !== 0x02014b50) {
      throw refuseFile(
        where,
        "the zip directory lists its entries",
        `entry ${index} of ${count} is not there`,
      );
    }
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number];
    const next = at + 46 + nameSize + extraSize + commentSize;
    if (next > start + size) throw refuseFile(where, "a zip entry lies in its directory", `entry ${index}`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameSize));
    if (entries.has(name)) throw refuseFile(where, "names in a zip archive are unique", quote(name));
    entries.set(name, readEntry(view, at, at + 46 + nameSize, extraSize, name, where));
    at = next;
  }
  refuseOverlaps(entries, where);
  return new ZipArchive(bytes, entries, where);
}

/** Bytes that two entries claim would count twice. What lies between a local header and its content only moves it on. */
function refuseOverlaps(entries: ReadonlyMap<string, ZipEntry>, where: string): void {
  let end = 0;
  for (const [name, { header, packed }] of [...entries].sort(([, a], [, b]) => a.header - b.header)) {
    if (header < end) throw refuseFile(where, "entries of a zip archive lie side by side", quote(name));
    end = header + localHeaderSize + packed;
  }
}

function findDirectory(view: DataView, where: string) {
  const length = view.byteLength;
  const lowest = Math.max(0, length - endSize - maxComment);
  for (let at = length - endSize; at >= lowest; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    if (at + endSize + view.getUint16(at + 20, true) !== length) continue;
    const short = {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      start: view.getUint32(at + 16, true),
    };
    const isLong = short.count === 0xffff || short.size === 0xffffffff || short.start === 0xffffffff;
    const found = isLong ? readLongEnd(view, at, where) : short;
    if (!(found.start + found.size <= at)) {
      throw refuseFile(where, "the zip directory lies in the file", `${found.size} bytes at ${found.start}`);
    }
    return found;
  }
  throw refuseFile(where, "a zip archive ends with its directory", "there is none: cut off or damaged");
}

/** The end record of zip64, which the locator before the short one points at. */
function readLongEnd(view: DataView, end: number, where: string) {
  const locator = end - 20;
  if (locator >= 0 && view.getUint32(locator, true) === 0x07064b50) {
    const at = Number(view.getBigUint64(locator + 8, true));
    if (at + 56 <= locator && view.getUint32(at, true) === 0x06064b50) {
      const field = (offset: number) => Number(view.getBigUint64(at + offset, true));
      return { count: field(32), size: field(40), start: field(48) };
    }
  }
  throw refuseFile(where, "the zip64 end record is where its locator says", "it is not");
}

function readEntry(
  view: DataView,
  at: number,
  extraStart: number,
  extraSize: number,
  name: string,
  where: string,
): ZipEntry {
  const fields = {
    size: view.getUint32(at + 24, true),
    packed: view.getUint32(at + 20, true),
    header: view.getUint32(at + 42, true),
  };
  // Zip64 extra field: those of size, packed size and offset that do not fit, in this order.
  for (let extra = extraStart; extra + 4 <= extraStart + extraSize; ) {
    const length = view.getUint16(extra + 2, true);
    if (view.getUint16(extra, true) === 1) {
      let field = extra + 4;
      for (const key of ["size", "packed", "header"] as const) {
        if (fields[key] !== 0xffffffff || field + 8 > Math.min(extra + 4 + length, extraStart + extraSize))
          continue;
        fields[key] = Number(view.getBigUint64(field, true));
        field += 8;
      }
    }
    extra += 4 + length;
  }
  const { size, packed, header } = fields;
  const method = view.getUint16(at + 10, true);
  if (!(header + localHeaderSize + packed <= view.byteLength) || (method === 0 && size !== packed)) {
    throw refuseFile(where, "a zip entry lies in the file", `${quote(name)}, ${packed} bytes at ${header}`);
  }
  const encrypted = (view.getUint16(at + 8, true) & 1) === 1;
  return { method, encrypted, crc: view.getUint32(at + 16, true), packed, size, header };
}

export class ZipArchive {
  #inflated = 0;
  readonly #read = new Map<string, Uint8Array>();

  constructor(
    readonly bytes: Uint8Array,
    readonly entries: ReadonlyMap<string, ZipEntry>,
    readonly where: string,
  ) {}

  get names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** Bytes of the deflated entries that were unpacked so far. */
  get inflatedBytes(): number {
    return this.#inflated;
  }

  /**
   * An entry's bytes; read only.
   *
   * @throws RespikeError (exit 3) where it is damaged, encrypted, packed in an unknown way or larger than stated
   */
  read(name: string): Uint8Array {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const entry = this.entries.get(name);
    const where = `${this.where}, entry ${quote(name)}`;
    if (entry === undefined) throw refuseFile(where, "the archive has it", "it is missing");
    const unpacked = this.#unpack(entry, where);
    if (crc32(unpacked) !== entry.crc) {
      throw refuseFile(where, "its checksum fits", "CRC-32 differs: damaged, or saved without checksums");
    }
    this.#read.set(name, unpacked);
    return unpacked;
  }

  #unpack({ method, encrypted, packed, size, header }: ZipEntry, where: string): Uint8Array {
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    if (view.getUint32(header, true) !== 0x04034b50)
      throw refuseFile(where, "a local header comes first", "none");
    const start =
      header + localHeaderSize + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
    const content = this.bytes.subarray(start, start + packed);
    if (content.length !== packed)
      throw refuseFile(where, "all its bytes must be in the file", "the file is cut off");
    if (encrypted) throw refuseFile(where, "it is not encrypted", "it is", "save it without a password");
    if (method === 0) return content;
    if (method !== 8) throw refuseFile(where, "it is stored or deflated", `method ${method}`);
    this.#inflated += size;
    if (size > packed * maxExpansion + 64 || this.#inflated > maxInflated) {
      throw refuseFile(
        where,
        "entries hold no more than deflate can pack, 2 GiB together",
        `${size} bytes from ${packed}`,
      );
    }
    return inflate(content, size, where);
  }
}

function inflate(content: Uint8Array, size: number, where: string): Uint8Array {
  let result: Uint8Array;
  try {
    result = inflateSync(content, { out: new Uint8Array(size) });
  } catch (cause) {
    throw refuseFile(where, "it is packed soundly", cause instanceof Error ? cause.message : "it is not");
  }
  if (result.length !== size)
    throw refuseFile(where, "it has the size stated", `${result.length} of ${size}`);
  return result;
}
