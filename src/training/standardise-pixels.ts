/**
 * Pixels to the network's input, fast enough for every batch of an epoch.
 *
 * Knows: preprocessing, the 256 values that a byte can have. May not know: images, augmentation.
 *
 * x̂ = (x/s − mean[c])/std[c], as preprocessPixels has it, computed in float64 and rounded once.
 */
import { type Preprocessing, preprocessPixels } from "../graph/preprocessing.js";

export interface PixelScale {
  /** [C,256]: x̂ of every byte; null where pixels are floats. */
  readonly table: Float32Array | null;
  /** One image [C,H,W], in place: raw values, bytes or between bytes where a table is there, to x̂. */
  standardise(image: Float32Array): void;
}

/** @param isBytes whether pixels are bytes; else floats in the range that the preprocessing declares */
export function makePixelScale(preprocessing: Preprocessing, channels: number, isBytes: boolean): PixelScale {
  const { mean, std, range } = preprocessing;
  const divisor = isBytes && range === "0..1" ? 255 : 1;
  const every = Uint8Array.from({ length: channels * 256 }, (_, at) => at & 255);
  return {
    table: isBytes ? preprocessPixels(every, channels, 256, preprocessing) : null,
    standardise(image) {
      const area = image.length / channels;
      for (let channel = 0; channel < channels; channel++) {
        const m = mean[mean.length === 1 ? 0 : channel] as number;
        const s = std[std.length === 1 ? 0 : channel] as number;
        const end = (channel + 1) * area;
        for (let at = channel * area; at < end; at++) image[at] = ((image[at] as number) / divisor - m) / s;
      }
    },
  };
}
