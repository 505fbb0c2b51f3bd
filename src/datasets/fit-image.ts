/**
 * Brings an image to the shape that a network or a data set wants.
 *
 * Knows: grey and colour, bilinear resizing, centre crops. May not know: files, networks.
 */
import { type RespikeError, refuseInput } from "../core/respike-error.js";
import type { Shape } from "../graph/node-types.js";
import type { DecodedImage } from "./decode-image.js";

/**
 * An image of exactly `shape` [C,H,W].
 *
 * Colour → grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded; grey → colour repeats the
 * plane; both are said in `notes`. Another size is refused unless `resize`: then the image is
 * scaled by max(H/h, W/w), so that it covers H×W, and the centre is cut out (an odd rest is left at
 * the bottom and on the right).
 *
 * @param where names the file in errors
 * @throws RespikeError (exit 3) for another size without `resize`, and for C other than 1 and 3
 */
export function fitImage(image: DecodedImage, shape: Shape, resize: boolean, where = "image"): DecodedImage {
  const coloured = fitChannels(image, shape[0], where);
  const [channels, height, width] = coloured.shape;
  if (height === shape[1] && width === shape[2]) return coloured;
  if (!resize) {
    throw refuseInput({
      code: "wrong-size",
      where,
      rule: `the network takes ${shape[1]}×${shape[2]} (height×width)`,
      value: `${height}×${width}`,
      next: "add --resize (bilinear, centre crop) or scale the image before",
    });
  }
  const scale = Math.max(shape[1] / height, shape[2] / width);
  const covered: Shape = [
    channels,
    Math.max(shape[1], Math.round(height * scale)),
    Math.max(shape[2], Math.round(width * scale)),
  ];
  // Only the part that stays is computed: a very long image would cover much more.
  const window = {
    top: Math.floor((covered[1] - shape[1]) / 2),
    left: Math.floor((covered[2] - shape[2]) / 2),
    shape,
  };
  const pixels = resizeBilinear(coloured.pixels, coloured.shape, covered, window);
  return { shape, pixels, notes: [...coloured.notes, `resized from ${height}×${width}`] };
}

function fitChannels(image: DecodedImage, wanted: number, where: string): DecodedImage {
  const [channels, height, width] = image.shape;
  if (channels === wanted) return image;
  const area = height * width;
  if (channels === 3 && wanted === 1) {
    const { pixels } = image;
    const grey = Uint8Array.from({ length: area }, (_, at) => {
      const [r, g, b] = [pixels[at], pixels[area + at], pixels[2 * area + at]] as [number, number, number];
      return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    });
    return { shape: [1, height, width], pixels: grey, notes: [...image.notes, "colour was made grey"] };
  }
  if (channels === 1 && wanted === 3) {
    const pixels = new Uint8Array(3 * area);
    for (let channel = 0; channel < 3; channel++) pixels.set(image.pixels, channel * area);
    return { shape: [3, height, width], pixels, notes: [...image.notes, "grey was repeated as colour"] };
  }
  throw wrongChannels(where, channels, wanted);
}

function wrongChannels(where: string, channels: number, wanted: number): RespikeError {
  return refuseInput({
    code: "wrong-channels",
    where,
    rule: `the network takes ${wanted} channels`,
    value: `${channels}`,
    next: "give the input as a .npy file of the network's shape",
  });
}

/** Which source positions an output position mixes, with weights that sum to 1. */
interface Mix {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Triangle filter with half-pixel centres: bilinear interpolation when enlarging; when
 * shrinking, the triangle is as wide as the shrinking, so that nothing aliases (what Pillow and
 * torchvision's `antialias=True` do).
 */
function planMixes(from: number, to: number, start: number, count: number): readonly Mix[] {
  const step = from / to;
  const reach = Math.max(1, step);
  return Array.from({ length: count }, (_, at) => {
    const centre = (start + at + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const last = Math.min(from, Math.floor(centre + reach + 0.5));
    const weights = Float64Array.from({ length: last - first }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** A part of a resized image: where it begins and its shape [C,H,W]. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly shape: Shape;
}

/**
 * Bilinear resizing of bytes [C,H,W], rows and columns one after the other, in float64,
 * rounded once.
 *
 * @param from shape of `pixels`
 * @param to the same C
 * @param window the part of the result to compute (all of it)
 * @returns the window's bytes, a new array
 */
export function resizeBilinear(
  pixels: Uint8Array,
  from: Shape,
  to: Shape,
  window: Window = { top: 0, left: 0, shape: to },
): Uint8Array {
  const [channels, outHeight, outWidth] = window.shape;
  const across = planMixes(from[2], to[2], window.left, outWidth);
  const down = planMixes(from[1], to[1], window.top, outHeight);
  const firstRow = down[0]?.first ?? 0;
  const lastMix = down.at(-1);
  const rowCount = lastMix === undefined ? 0 : lastMix.first + lastMix.weights.length - firstRow;
  const result = new Uint8Array(channels * outHeight * outWidth);
  const rows = new Float64Array(rowCount * outWidth);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < rowCount; y++) {
      const row = (channel * from[1] + firstRow + y) * from[2];
      across.forEach(({ first, weights }, x) => {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += (weights[k] as number) * (pixels[row + first + k] as number);
        }
        rows[y * outWidth + x] = sum;
      });
    }
    down.forEach(({ first, weights }, y) => {
      for (let x = 0; x < outWidth; x++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += (weights[k] as number) * (rows[(first - firstRow + k) * outWidth + x] as number);
        }
        result[(channel * outHeight + y) * outWidth + x] = Math.round(sum);
      }
    });
  }
  return result;
}
