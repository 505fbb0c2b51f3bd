/**
 * Random changes of training images that leave their label alone.
 *
 * Knows: pixels [N,C,H,W], seeds. May not know: networks, preprocessing, labels.
 *
 * What happens to an image depends on (seed, epoch, its index in the data set) only.
 */
import { randomUnit } from "../core/counter-random.js";
import type { Shape } from "../graph/node-types.js";

export interface Augmentation {
  /** Pixels by which an image may shift each way: a random crop of the image padded with zeros. */
  readonly pad: number;
  /** Whether half of the images are mirrored left to right; wrong for digits. */
  readonly flip: boolean;
  /** Largest rotation each way, in degrees. */
  readonly rotate: number;
  /** Largest change of size each way: 0.1 for 0.9 to 1.1. */
  readonly zoom: number;
}

export const noAugmentation: Augmentation = { pad: 0, flip: false, rotate: 0, zoom: 0 };

/**
 * Changes one image.
 *
 * @param pixels [N,C,H,W], read only
 * @param index of the image
 * @param result [C,H,W], overwritten: values between the image's own and 0
 */
export function augmentImage(
  pixels: Uint8Array | Float32Array,
  shape: Shape,
  index: number,
  augmentation: Augmentation,
  moment: { readonly seed: number; readonly epoch: number },
  result: Float32Array,
): void {
  const draw = (what: number) => randomUnit(moment.seed, moment.epoch, index, what);
  const [channels, height, width] = shape;
  const area = height * width;
  const { pad, flip, rotate, zoom } = augmentation;
  const down = Math.floor(draw(0) * (2 * pad + 1)) - pad;
  const right = Math.floor(draw(1) * (2 * pad + 1)) - pad;
  const mirror = flip && draw(2) < 0.5;
  const angle = ((2 * draw(3) - 1) * rotate * Math.PI) / 180;
  const scale = 1 + (2 * draw(4) - 1) * zoom;
  const map: InverseMap = {
    cos: Math.cos(angle) / scale,
    sin: Math.sin(angle) / scale,
    down,
    right,
    mirror,
  };
  for (let channel = 0; channel < channels; channel++) {
    const start = (index * channels + channel) * area;
    const image = pixels.subarray(start, start + area);
    resample(image, height, width, map, result.subarray(channel * area, (channel + 1) * area));
  }
}

/** Where a pixel of the result comes from: shift, mirror, then rotation and size about the centre. */
interface InverseMap {
  readonly cos: number;
  readonly sin: number;
  readonly down: number;
  readonly right: number;
  readonly mirror: boolean;
}

function resample(
  image: Uint8Array | Float32Array,
  height: number,
  width: number,
  { cos, sin, down, right, mirror }: InverseMap,
  result: Float32Array,
): void {
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  for (let at = 0; at < height * width; at++) {
    const column = at % width;
    const y = Math.floor(at / width) - down - cy;
    const x = (mirror ? width - 1 - column : column) - right - cx;
    result[at] = interpolate(image, height, width, cy + cos * y - sin * x, cx + sin * y + cos * x);
  }
}

/** Bilinear value at a point, 0 outside the image; exact at pixels. */
function interpolate(
  image: Uint8Array | Float32Array,
  height: number,
  width: number,
  y: number,
  x: number,
): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [fy, fx] = [y - top, x - left];
  const value = (row: number, column: number) =>
    row < 0 || column < 0 || row >= height || column >= width ? 0 : (image[row * width + column] as number);
  const upper = value(top, left) * (1 - fx) + (fx > 0 ? value(top, left + 1) * fx : 0);
  if (fy === 0) return upper;
  const lower = value(top + 1, left) * (1 - fx) + (fx > 0 ? value(top + 1, left + 1) * fx : 0);
  return upper * (1 - fy) + lower * fy;
}
