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

/** What happens to one image: mirrored, moved, then turned and resized about its centre. */
export interface ImageChange {
  /** Whole pixels. */
  readonly down: number;
  readonly right: number;
  readonly mirror: boolean;
  /** cos and sin of the angle over the size; 1 and 0 where the image is neither turned nor resized. */
  readonly cos: number;
  readonly sin: number;
}

/** @param index of the image in its data set */
export function drawChange(
  { pad, flip, rotate, zoom }: Augmentation,
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
  index: number,
): ImageChange {
  const draw = (what: number) => randomUnit(seed, epoch, index, what);
  const down = pad === 0 ? 0 : Math.floor(draw(0) * (2 * pad + 1)) - pad;
  const right = pad === 0 ? 0 : Math.floor(draw(1) * (2 * pad + 1)) - pad;
  const mirror = flip && draw(2) < 0.5;
  if (rotate === 0 && zoom === 0) return { down, right, mirror, cos: 1, sin: 0 };
  const angle = ((2 * draw(3) - 1) * rotate * Math.PI) / 180;
  const scale = 1 + (2 * draw(4) - 1) * zoom;
  return { down, right, mirror, cos: Math.cos(angle) / scale, sin: Math.sin(angle) / scale };
}

/** Whether every pixel of the result is a pixel of the image, or 0. */
export function movesWholePixels({ cos, sin }: ImageChange): boolean {
  return cos === 1 && sin === 0;
}

/**
 * One image, moved and mirrored only: each row of the result is a piece of a row, forwards or
 * backwards, between zeros.
 *
 * @param image [C,H,W], read only
 * @param table [C,256]: what to write for each byte of a channel
 * @param result [C,H,W], overwritten
 */
export function moveImage(
  image: Uint8Array,
  [channels, height, width]: Shape,
  { down, right, mirror }: ImageChange,
  table: Float32Array,
  result: Float32Array,
): void {
  const area = height * width;
  const [top, bottom] = [Math.max(0, down), Math.min(height, height + down)];
  const count = Math.min(width, width + right) - Math.max(0, right);
  const from = Math.max(0, -right);
  const to = mirror ? width - 1 - Math.max(0, right) : Math.max(0, right);
  const step = mirror ? -1 : 1;
  const isWhole = down === 0 && right === 0;
  for (let channel = 0; channel < channels; channel++) {
    const values = table.subarray(channel * 256, channel * 256 + 256);
    const start = channel * area;
    if (!isWhole) result.fill(values[0] as number, start, start + area);
    for (let row = top; row < bottom; row++) {
      let source = start + (row - down) * width + from;
      let place = start + row * width + to;
      for (const end = source + count; source < end; source++, place += step) {
        result[place] = values[image[source] as number] as number;
      }
    }
  }
}

/**
 * One image under any change, bilinear, exact at pixels, 0 outside.
 *
 * @param image [C,H,W], read only
 * @param result [C,H,W], overwritten: values between the image's own and 0
 */
export function resampleImage(
  image: Uint8Array | Float32Array,
  [channels, height, width]: Shape,
  { cos, sin, down, right, mirror }: ImageChange,
  result: Float32Array,
): void {
  const area = height * width;
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  for (let at = 0, row = 0; row < height; row++) {
    const y = row - down - cy;
    for (let column = 0; column < width; column++, at++) {
      const x = (mirror ? width - 1 - column : column) - right - cx;
      const fromY = cy + cos * y - sin * x;
      const fromX = cx + sin * y + cos * x;
      const top = Math.floor(fromY);
      const left = Math.floor(fromX);
      const fy = fromY - top;
      const fx = fromX - left;
      const isInside = top >= 0 && left >= 0 && top < height - 1 && left < width - 1;
      for (let plane = 0; plane < channels * area; plane += area) {
        if (isInside) {
          const place = plane + top * width + left;
          const upper = (image[place] as number) * (1 - fx) + (image[place + 1] as number) * fx;
          const lower =
            (image[place + width] as number) * (1 - fx) + (image[place + width + 1] as number) * fx;
          result[plane + at] = upper * (1 - fy) + lower * fy;
        } else {
          result[plane + at] = interpolateAtBorder(image, plane, height, width, top, left, fy, fx);
        }
      }
    }
  }
}

/** As inside, with 0 for pixels outside. */
function interpolateAtBorder(
  image: Uint8Array | Float32Array,
  plane: number,
  height: number,
  width: number,
  top: number,
  left: number,
  fy: number,
  fx: number,
): number {
  let sum = 0;
  for (let corner = 0; corner < 4; corner++) {
    const [row, column] = [top + (corner >> 1), left + (corner & 1)];
    if (row < 0 || column < 0 || row >= height || column >= width) continue;
    const share = (corner & 2 ? fy : 1 - fy) * (corner & 1 ? fx : 1 - fx);
    if (share > 0) sum += share * (image[plane + row * width + column] as number);
  }
  return sum;
}
