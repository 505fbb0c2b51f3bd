/**
 * INPUT of `run` → one preprocessed image: a picture, a .npy, or DATA:split:index.
 *
 * Knows: pictures, arrays, data sets. May not know: simulation.
 */
import { refuseInput, refuseUsage } from "../core/respike-error.js";
import { countElements } from "../core/tensor.js";
import { gatherImages } from "../datasets/dataset.js";
import { decodeImage, isImage } from "../datasets/decode-image.js";
import { fitImage } from "../datasets/fit-image.js";
import { parseNpy } from "../datasets/npy.js";
import type { Shape } from "../graph/node-types.js";
import { type Preprocessing, preprocessPixels } from "../graph/preprocessing.js";
import { checkDataFits, type OpenDataOptions, openData } from "./open-data.js";
import { nameSource, readSource, type Source } from "./read-source.js";

export interface RunInputOptions extends OpenDataOptions {
  /** Scale a picture of another size (bilinear, centre crop). */
  readonly resize?: boolean | undefined;
}

export interface RunInput {
  /** Preprocessed [C,H,W]. */
  readonly image: Float32Array;
  readonly label?: number;
  readonly className?: string;
  /** What was done to the picture, for people. */
  readonly notes: readonly string[];
  /** Names of the classes, where the input's data set has them. */
  readonly classNames?: readonly string[];
}

/**
 * @param shape [C,H,W] that the network takes
 * @throws RespikeError exit 3 for an input that cannot be read or does not fit, exit 2 for an index out of bounds
 */
export async function readRunInput(
  input: Source,
  shape: Shape,
  preprocessing: Preprocessing,
  options: RunInputOptions,
): Promise<RunInput> {
  const entry = typeof input === "string" ? /^(.+):(\w+):(\d+)$/.exec(input) : null;
  if (entry !== null) {
    const [, data, split, index] = entry as unknown as [string, string, string, string];
    if (split !== "train" && split !== "test") throw refuseSplit(entry[0], split);
    return await readEntry(data, split, Number(index), shape, preprocessing, options);
  }
  const bytes = await readSource(input);
  const where = nameSource(input);
  const prepare = (pixels: Uint8Array | Float32Array) =>
    preprocessPixels(pixels, shape[0], shape[1] * shape[2], preprocessing);
  if (!isImage(bytes)) return { image: prepare(readArray(bytes, where, shape, preprocessing)), notes: [] };
  const { pixels, notes } = fitImage(decodeImage(bytes, where), shape, options.resize ?? false, where);
  return { image: prepare(pixels), notes };
}

function refuseSplit(where: string, split: string) {
  const next = "write DATA:test:0, for example";
  return refuseUsage({ code: "usage", where, rule: "a split is train or test", value: `'${split}'`, next });
}

async function readEntry(
  spec: string,
  split: "train" | "test",
  index: number,
  shape: Shape,
  preprocessing: Preprocessing,
  options: RunInputOptions,
): Promise<RunInput> {
  const data = await openData(spec, options);
  checkDataFits(data, shape, Number.POSITIVE_INFINITY);
  const set = data.splits[split];
  if (index >= set.n) {
    throw refuseUsage({
      code: "usage",
      where: `${spec}:${split}:${index}`,
      rule: `indices of this split are 0…${set.n - 1}`,
      value: String(index),
      next: "choose another index",
    });
  }
  const pixels = gatherImages(set, [index]);
  checkFloats(pixels, `${spec}:${split}:${index}`, preprocessing);
  const label = set.labels[index] as number;
  return {
    image: preprocessPixels(pixels, shape[0], shape[1] * shape[2], preprocessing),
    label,
    className: data.classNames[label] ?? String(label),
    notes: [],
    classNames: data.classNames,
  };
}

/** An array [C,H,W] or [1,C,H,W], or [H,W] for one channel; bytes, or floats in the declared range. */
function readArray(
  bytes: Uint8Array,
  where: string,
  shape: Shape,
  preprocessing: Preprocessing,
): Uint8Array | Float32Array {
  const { shape: found, data, descr } = parseNpy(bytes, where);
  const significant = found.filter((size, axis) => size !== 1 || found.length - axis <= 2);
  const wanted = shape.filter((size, axis) => size !== 1 || axis > 0);
  if (significant.join() !== wanted.join() || countElements(found) !== countElements(shape)) {
    throw refuseInput({
      code: "wrong-shape",
      where,
      rule: `the array has the network's input shape [${shape.join(",")}]`,
      value: `[${found.join(",")}]`,
      next: "save one image of that shape",
    });
  }
  if (!(descr.endsWith("u1") || descr.endsWith("f4") || descr.endsWith("f8"))) {
    throw refuseInput({
      code: "wrong-type",
      where,
      rule: "pixels are bytes (uint8) or floats (float32, float64)",
      value: descr,
      next: "save the image as uint8, or as float32 in the range of the preprocessing",
    });
  }
  const pixels = data instanceof Uint8Array ? data : Float32Array.from(data as Float64Array);
  checkFloats(pixels, where, preprocessing);
  return pixels;
}

function checkFloats(pixels: Uint8Array | Float32Array, where: string, { range }: Preprocessing): void {
  if (pixels instanceof Uint8Array) return;
  const top = range === "0..1" ? 1 : 255;
  const bad = pixels.find((value) => !(value >= 0 && value <= top));
  if (bad === undefined) return;
  throw refuseInput({
    code: "pixel-range",
    where,
    rule: `float pixels lie in ${range}, the range of the preprocessing`,
    value: String(bad),
    next: "give the image in that range, or as bytes",
  });
}
