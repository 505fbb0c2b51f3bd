/**
 * PNG and JPEG files as bytes [C,H,W].
 *
 * Knows: the two formats' headers, so that sizes are checked before anything is
 * allocated; transparency is dropped (and said), 16 bits become 8 by rounding v/257.
 * May not know: files, which size a network wants.
 */
import { type DecodedPng, decode as decodePngBytes, type PngDataArray } from "fast-png";
import { decode as decodeJpegBytes } from "jpeg-js";
import type { Shape } from "../graph/node-types.js";
import { checkImageSize, isPng, stripPng, unreadableImage } from "./check-png.js";

export interface DecodedImage {
  /** C is 1 (grey) or 3 (RGB). */
  readonly shape: Shape;
  /** [C,H,W], 0…255; the caller owns them. */
  readonly pixels: Uint8Array;
  /** What was changed on the way, for people: dropped transparency, 16 bits. */
  readonly notes: readonly string[];
}

/** No image may have more pixels than this: what a hostile header claims is not allocated. */
export const largestImage = 100e6;

/**
 * Decodes a PNG (grey, RGB, palette, with or without transparency, 1 to 16 bits) or a
 * baseline or progressive JPEG (grey or colour).
 *
 * @param where names the file in errors
 * @throws RespikeError (exit 3) for other formats, broken files, images of more than 100 megapixels
 */
export function decodeImage(bytes: Uint8Array, where = "image"): DecodedImage {
  if (isPng(bytes)) return fromPng(decodePng(bytes, where), where);
  if (isJpeg(bytes)) return fromJpeg(bytes, where);
  throw unreadableImage(where, bytes.length === 0 ? "an empty file" : "neither a PNG nor a JPEG");
}

/** By content, not by name. */
export function isImage(bytes: Uint8Array): boolean {
  return isPng(bytes) || isJpeg(bytes);
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * The PNG as fast-png reads it, its header checked before.
 *
 * @throws RespikeError (exit 3)
 */
export function decodePng(bytes: Uint8Array, where: string): DecodedPng {
  if (!isPng(bytes)) throw unreadableImage(where, "no PNG header");
  const needed = stripPng(bytes, largestImage, where);
  try {
    return decodePngBytes(needed, { checkCrc: true });
  } catch (cause) {
    throw unreadableImage(where, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function fromPng(png: DecodedPng, where: string): DecodedImage {
  const notes: string[] = [];
  const { width, height } = png;
  const colours = png.palette;
  if (colours !== undefined) {
    const alpha = colours.some((colour) => (colour[3] ?? 255) !== 255);
    if (alpha) notes.push("transparency was dropped");
    const indices = unpackBits(png.data, width, height, png.depth);
    const wrong = indices.find((index) => index >= colours.length);
    if (wrong !== undefined) {
      throw unreadableImage(where, `colour ${wrong} of a palette of ${colours.length}`);
    }
    const rgb = new Uint8Array(3 * width * height);
    for (let at = 0; at < indices.length; at++) {
      for (let channel = 0; channel < 3; channel++) {
        rgb[channel * indices.length + at] = colours[indices[at] as number]?.[channel] ?? 0;
      }
    }
    return { shape: [3, height, width], pixels: rgb, notes };
  }
  const colourChannels = png.channels >= 3 ? 3 : 1;
  if (png.channels === 2 || png.channels === 4 || png.transparency !== undefined) {
    notes.push("transparency was dropped");
  }
  if (png.depth === 16) notes.push("16 bits a channel were rounded to 8");
  const values = scaleToBytes(png, width, height);
  return {
    shape: [colourChannels, height, width],
    pixels: toPlanes(values, png.channels, colourChannels, width * height),
    notes,
  };
}

/** Values 0…255 in the file's order: 16 bits rounded v/257, fewer than 8 stretched. */
function scaleToBytes(png: DecodedPng, width: number, height: number): ArrayLike<number> {
  if (png.depth === 8) return png.data;
  if (png.depth === 16) return Uint8Array.from(png.data, (value) => Math.round(value / 257));
  const top = 2 ** png.depth - 1;
  return unpackBits(png.data, width, height, png.depth).map((value) => Math.round((value * 255) / top));
}

/** One value a byte from rows of packed 1-, 2-, 4- or 8-bit values, each row beginning at a byte. */
function unpackBits(data: PngDataArray, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const values = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * rowBytes + (bit >> 3)] ?? 0;
      values[y * width + x] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return values;
}

/** Interleaved values → planes of the first `kept` channels. */
function toPlanes(values: ArrayLike<number>, channels: number, kept: number, area: number): Uint8Array {
  const planes = new Uint8Array(kept * area);
  for (let channel = 0; channel < kept; channel++) {
    for (let at = 0; at < area; at++) planes[channel * area + at] = values[at * channels + channel] as number;
  }
  return planes;
}

function fromJpeg(bytes: Uint8Array, where: string): DecodedImage {
  const { width, height, components } = readJpegHeader(bytes, where);
  const scans = countScans(bytes);
  if (scans > mostScans) throw unreadableImage(where, `a JPEG of ${scans} scans`);
  checkImageSize(width, height, largestImage, where);
  const area = width * height;
  try {
    const { data } = decodeJpegBytes(bytes, {
      useTArray: true,
      formatAsRGBA: true,
      tolerantDecoding: false,
      maxResolutionInMP: largestImage / 1e6 + 1,
      maxMemoryUsageInMB: 2048,
    });
    if (data.length !== area * 4) throw new Error(`${data.length} values for ${width}×${height}`);
    const kept = components === 1 ? 1 : 3;
    return { shape: [kept, height, width], pixels: toPlanes(data, 4, kept, area), notes: [] };
  } catch (cause) {
    throw unreadableImage(where, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Size and number of components from the first frame header (SOF0…SOF15 but DHT, JPG, DAC). */
function readJpegHeader(bytes: Uint8Array, where: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame) {
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: bytes[at + 9] as number,
      };
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw unreadableImage(where, "a JPEG without a frame header");
}

/** Every scan goes over the whole image; an encoder makes about ten. */
const mostScans = 100;

/** Start-of-scan markers (FF DA), which compressed data cannot hold. */
function countScans(bytes: Uint8Array): number {
  let scans = 0;
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === 0xda) scans++;
  }
  return scans;
}
