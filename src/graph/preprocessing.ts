/**
 * How pixels become the network's input: part of the model, never assumed.
 *
 * Knows: ranges, means and deviations. May not know: where pixels come from.
 *
 * x̂ = (x/s − mean[c])/std[c] with x a byte 0…255 and s = 255 for range 0..1, 1 for 0..255.
 */
export interface Preprocessing {
  /** The preset's name, `file` or `flags`, for people. */
  readonly name: string;
  /** What mean and std are in units of, and what float input must lie in. */
  readonly range: "0..1" | "0..255";
  /** One number a channel, or one for all. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The named presets of the command line's `--preprocess`. */
export const preprocessingPresets: Readonly<Record<string, Preprocessing>> = {
  imagenet: { name: "imagenet", range: "0..1", mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  cifar10: { name: "cifar10", range: "0..1", mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  cifar100: {
    name: "cifar100",
    range: "0..1",
    mean: [0.5071, 0.4865, 0.4409],
    std: [0.2673, 0.2564, 0.2762],
  },
  mnist: { name: "mnist", range: "0..1", mean: [0.1307], std: [0.3081] },
  unit: { name: "unit", range: "0..1", mean: [0], std: [1] },
  raw: { name: "raw", range: "0..255", mean: [0], std: [1] },
};

/**
 * Preprocesses images [N,C,H,W].
 *
 * @param pixels bytes 0…255, or floats in the declared range; read only
 * @param channels C; the length of `pixels` is a multiple of channels × area
 * @param area H·W
 * @returns a new array of the same layout, computed in float64 and rounded once to float32
 */
export function preprocessPixels(
  pixels: Uint8Array | Float32Array,
  channels: number,
  area: number,
  preprocessing: Preprocessing,
): Float32Array {
  const { mean, std } = preprocessing;
  const divisor = pixels instanceof Uint8Array && preprocessing.range === "0..1" ? 255 : 1;
  const result = new Float32Array(pixels.length);
  for (let at = 0, plane = 0; at < pixels.length; plane++) {
    const channel = plane % channels;
    const m = mean[mean.length === 1 ? 0 : channel] as number;
    const s = std[std.length === 1 ? 0 : channel] as number;
    for (const end = at + area; at < end; at++) result[at] = ((pixels[at] as number) / divisor - m) / s;
  }
  return result;
}

/** The largest |x̂| that any byte can give: bounds the current of the image's synapses. */
export function largestInput({ range, mean, std }: Preprocessing): number {
  const top = range === "0..1" ? 1 : 255;
  const each = Array.from({ length: Math.max(mean.length, std.length) }, (_, channel) => {
    const m = mean[mean.length === 1 ? 0 : channel] as number;
    const s = std[std.length === 1 ? 0 : channel] as number;
    return Math.max(Math.abs(0 - m), Math.abs(top - m)) / s;
  });
  return Math.max(...each);
}
