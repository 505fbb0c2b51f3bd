/**
 * A PNG reduced to the chunks that decide its pixels, its sizes checked before anything is unpacked.
 *
 * Knows: chunks, what image data may unpack to. May not know: pixels.
 *
 * Source: PNG (Third Edition), W3C 2025, sections 5 and 11.
 */
import { Unzlib } from "fflate";
import { type RespikeError, refuseInput } from "../core/respike-error.js";

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const kept = new Set(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
const samples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Deflate packs at most so many bytes into one. */
const deflateLimit = 1032;
/** Data that cannot unpack to more are not unpacked to be counted. */
const harmless = 256e6;

/** By content, not by name. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, at) => bytes[at] === byte);
}

/** A broken PNG or JPEG. */
export function unreadableImage(where: string, value: string, cause?: unknown): RespikeError {
  return refuseInput(
    { code: "unreadable-image", where, rule: "a whole PNG or JPEG", value, next: "save the image again" },
    cause,
  );
}

/** @throws RespikeError (exit 3) where an image has no pixels, or more than `largest` */
export function checkImageSize(width: number, height: number, largest: number, where: string): void {
  if (width >= 1 && height >= 1 && width * height <= largest) return;
  throw refuseInput({
    code: "image-too-large",
    where,
    rule: `an image has 1 to ${largest / 1e6} million pixels`,
    value: `${width}×${height}`,
    next: "scale the image down",
  });
}

/**
 * The same image without texts, colour profiles and other chunks that this toolkit does not use
 * (they may hide large data of their own).
 *
 * @param largest pixels an image may have
 * @throws RespikeError (exit 3) for a broken or truncated file, too many pixels, image data
 *   that unpack to more than the pixels need
 */
export function stripPng(bytes: Uint8Array, largest: number, where: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  const data: Uint8Array[] = [];
  let at = 8;
  for (let type = ""; type !== "IEND"; ) {
    if (at + 12 > bytes.length) throw unreadableImage(where, `truncated after ${bytes.length} bytes`);
    const length = view.getUint32(at);
    const end = at + 12 + length;
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (end > bytes.length) throw unreadableImage(where, `chunk ${type} is truncated`);
    if ((at === 8) !== (type === "IHDR")) throw unreadableImage(where, `chunk ${type} at byte ${at}`);
    if (kept.has(type)) parts.push(bytes.subarray(at, end));
    if (type === "IDAT") data.push(bytes.subarray(at + 8, end - 4));
    at = end;
  }
  checkImageSize(view.getUint32(16), view.getUint32(20), largest, where);
  const interlaced = view.getUint8(28) !== 0;
  if (interlaced && view.getUint8(24) < 8) {
    throw unreadableImage(where, "an interlaced PNG of fewer than 8 bits, which is not read");
  }
  checkUnpacked(data, countRawBytes(view, interlaced), interlaced, where);
  return joinParts(parts);
}

/** Adam7's seven passes: first column and row, step across and down. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Bytes of the unpacked image data: rows of samples, each after its filter byte; seven passes where interlaced. */
function countRawBytes(view: DataView, interlaced: boolean): number {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const bits = (samples[view.getUint8(25)] ?? 4) * view.getUint8(24);
  const count = (across: number, down: number) =>
    across > 0 ? down * (1 + Math.ceil((across * bits) / 8)) : 0;
  if (!interlaced) return count(width, height);
  return passes.reduce(
    (sum, [x, y, dx, dy]) =>
      sum + count(Math.ceil((width - x) / dx), Math.max(0, Math.ceil((height - y) / dy))),
    0,
  );
}

/** Counts what the data unpack to, where that could be too much or (interlaced) the decoder would not notice too little. */
function checkUnpacked(data: readonly Uint8Array[], expected: number, always: boolean, where: string): void {
  const packed = data.reduce((sum, part) => sum + part.length, 0);
  if (packed === 0) throw unreadableImage(where, "no image data");
  if (!always && packed * deflateLimit <= harmless) return;
  let unpacked = 0;
  const counter = new Unzlib((chunk) => {
    unpacked += chunk.length;
  });
  try {
    for (const part of data) {
      for (let at = 0; at < part.length; at += 65_536) {
        counter.push(part.subarray(at, at + 65_536));
        if (unpacked > expected) break;
      }
    }
  } catch (cause) {
    throw unreadableImage(where, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (unpacked !== expected) {
    const found = unpacked > expected ? "more" : `${unpacked} bytes`;
    throw unreadableImage(where, `image data of ${expected} bytes, unpacked to ${found}`);
  }
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
