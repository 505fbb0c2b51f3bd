/**
 * `images.npy,labels.npy` → labelled images, which serve both splits.
 *
 * Knows: which arrays are taken. May not know: models, the cache.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Problem, type RespikeError, refuseInput } from "../core/respike-error.js";
import type { Shape } from "../graph/node-types.js";
import type { Dataset, ImageSet } from "./dataset.js";
import type { DatasetOptions } from "./dataset-options.js";
import { type NpyArray, type NpyData, parseNpy } from "./npy.js";

/** A label above this is taken for a mistake, not for a class. */
const mostClasses = 65_536;

/** The two paths of `images.npy,labels.npy`, or nothing where DATA has another form. */
export function splitNpySpec(spec: string): readonly [images: string, labels: string] | undefined {
  const match = /^(.+[.]npy),(.+[.]npy)$/i.exec(spec);
  return match === null ? undefined : [match[1] as string, match[2] as string];
}

/**
 * @throws RespikeError (exit 3) for unreadable files, images that are no uint8 or float32
 *   [N,C,H,W], values that are not finite, labels that are no integers 0…65535, other counts
 */
export async function readNpyDataset(
  paths: readonly [images: string, labels: string],
  { layout = "nchw", signal }: Pick<DatasetOptions, "layout" | "signal">,
): Promise<Dataset> {
  const images = await readArray(paths[0], signal);
  const labels = await readArray(paths[1], signal);
  const problems = [...checkImages(images, paths[0]), ...checkLabels(labels, paths[1])];
  if (problems.length === 0 && labels.shape[0] !== images.shape[0]) {
    problems.push({
      code: "count-mismatch",
      where: paths.join(", "),
      rule: "as many labels as images",
      value: `${images.shape[0]} images, ${labels.shape[0]} labels`,
      next: "write both files from the same list",
    });
  }
  if (problems.length > 0) throw refuseInput(problems);
  const set = toImageSet(images, labels.data, layout);
  const classes = set.labels.reduce((largest, label) => Math.max(largest, label), 0) + 1;
  return {
    name: basename(paths[0]),
    shape: set.shape,
    classes,
    classNames: Array.from({ length: classes }, (_, label) => String(label)),
    splits: { train: set, test: set },
  };
}

async function readArray(path: string, signal: AbortSignal | undefined): Promise<NpyArray> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw unreadable(path, cause);
  }
  return parseNpy(bytes, path);
}

function unreadable(where: string, cause: unknown): RespikeError {
  return refuseInput(
    {
      code: "unreadable-file",
      where,
      rule: "the file is readable",
      value: cause instanceof Error ? cause.message : String(cause),
      next: "check the path",
    },
    cause,
  );
}

function checkImages({ shape, data, descr }: NpyArray, where: string): Problem[] {
  const problem = (code: string, rule: string, value: string, next: string): Problem[] => [
    { code, where, rule, value, next },
  ];
  const bytes = data instanceof Uint8Array && descr.endsWith("u1");
  if (!bytes && !(data instanceof Float32Array)) {
    return problem(
      "wrong-type",
      "images are uint8 or float32",
      descr,
      "convert with array.astype('float32')",
    );
  }
  if (shape.length !== 4 || shape.includes(0)) {
    const next = shape.length === 3 ? "add the channel axis: array[:, None]" : "reshape the array";
    return problem("wrong-shape", "images are [N,C,H,W], none of them 0", `(${shape})`, next);
  }
  const wrong = bytes ? -1 : data.findIndex((value: number | bigint) => !Number.isFinite(value));
  if (wrong < 0) return [];
  const image = Math.floor(wrong / (data.length / (shape[0] as number)));
  return problem(
    "not-finite",
    "pixels are finite",
    `image ${image} holds ${data[wrong]}`,
    "repair that image",
  );
}

function checkLabels({ shape, data, descr }: NpyArray, where: string): Problem[] {
  const problem = (code: string, rule: string, value: string, next: string): Problem[] => [
    { code, where, rule, value, next },
  ];
  if (/[fb]\d$/.test(descr)) {
    return problem("wrong-type", "labels are integers", descr, "convert with labels.astype('int64')");
  }
  if (shape.length !== 1) {
    return problem(
      "wrong-shape",
      "labels are [N], one integer an image",
      `(${shape})`,
      "use labels.argmax(1) or ravel()",
    );
  }
  const wrong = data.findIndex((label: number | bigint) => label < 0 || label >= mostClasses);
  if (wrong < 0) return [];
  return problem(
    "label-out-of-range",
    `labels are 0…${mostClasses - 1}`,
    `image ${wrong} has label ${data[wrong]}`,
    "number the classes from 0",
  );
}

function toImageSet(images: NpyArray, labels: NpyData, layout: "nchw" | "nhwc"): ImageSet {
  const [n, ...rest] = images.shape as readonly [number, number, number, number];
  const shape: Shape = layout === "nchw" ? [rest[0], rest[1], rest[2]] : [rest[2], rest[0], rest[1]];
  const pixels = images.data as Uint8Array | Float32Array;
  return {
    n,
    shape,
    pixels: layout === "nchw" ? pixels : toPlanes(pixels, n, shape),
    labels: Int32Array.from(labels as ArrayLike<number | bigint>, Number),
  };
}

/** [N,H,W,C] → [N,C,H,W]. */
function toPlanes(pixels: Uint8Array | Float32Array, n: number, [channels, height, width]: Shape) {
  const result = pixels.slice();
  const area = height * width;
  let from = 0;
  for (let image = 0; image < n; image++) {
    for (let at = 0; at < area; at++) {
      for (let channel = 0; channel < channels; channel++) {
        result[(image * channels + channel) * area + at] = pixels[from++] as number;
      }
    }
  }
  return result;
}
