/**
 * Images as the conversion reads them: by index, a few at a time.
 *
 * Knows: pixels and the range that floats must lie in. May not know: data sets, files, labels.
 */
import { describeImages } from "../core/describe-images.js";
import { refuseInput } from "../core/respike-error.js";
import type { Preprocessing } from "../graph/preprocessing.js";

export type Pixels = Uint8Array | Float32Array;

export interface ImageSource {
  /** Pixels [n,C,H,W] of some images: bytes, or floats in the range of the preprocessing. */
  read(indices: ArrayLike<number>): Pixels | Promise<Pixels>;
}

/** A task of every job that evaluates the float network. */
export interface PixelTask {
  readonly pixels: Pixels;
  readonly n: number;
  /** Their places among the training images; random images have none. */
  readonly indices?: Uint32Array | undefined;
}

/** Names a task's images, for errors. */
export function describePixels({ indices }: PixelTask): string {
  return indices === undefined ? "random images" : `calibration ${describeImages(indices)}`;
}

/**
 * Tasks of at most `batch` images, made as they are asked for.
 *
 * @throws RespikeError (exit 3) for float pixels outside the declared range
 */
export async function* readTasks(
  source: ImageSource,
  indices: Uint32Array,
  batch: number,
  preprocessing: Preprocessing,
): AsyncGenerator<PixelTask> {
  for (let from = 0; from < indices.length; from += batch) {
    const part = indices.slice(from, from + batch);
    const pixels = await source.read(part);
    checkRange(pixels, preprocessing, part);
    yield { pixels, n: part.length, indices: part };
  }
}

function checkRange(pixels: Pixels, { range }: Preprocessing, indices: Uint32Array): void {
  if (pixels instanceof Uint8Array) return;
  const top = range === "0..1" ? 1 : 255;
  const at = pixels.findIndex((value) => !(value >= 0 && value <= top));
  if (at < 0) return;
  const image = indices[Math.floor((at * indices.length) / pixels.length)];
  throw refuseInput({
    code: "pixel-range",
    where: `calibration image ${image}`,
    rule: `float pixels lie in ${range}, the range of the preprocessing`,
    value: String(pixels[at]),
    next: "give the images in that range, or another --range",
  });
}
