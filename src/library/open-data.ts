/**
 * Labelled images by name, folder or files.
 *
 * Knows: cache folders, data sets. May not know: models.
 */
import type { Warning } from "../core/respike-error.js";
import { refuseInput, refuseUsage } from "../core/respike-error.js";
import type { Dataset } from "../datasets/dataset.js";
import { openDataset } from "../datasets/open-dataset.js";
import type { Shape } from "../graph/node-types.js";
import { resolveCacheFolder } from "../node/cache-folder.js";
import type { CallOptions } from "./surroundings.js";

export interface OpenDataOptions extends CallOptions {
  /** Order of the axes of `images.npy`. */
  readonly layout?: "nchw" | "nhwc" | undefined;
  /** A folder, archive or address to take a named data set from. */
  readonly from?: string | undefined;
  readonly onWarning?: ((warning: Warning) => void) | undefined;
}

/**
 * Opens `mnist`, `cifar10`, `cifar100`, a folder of class folders, or `images.npy,labels.npy`.
 *
 * @throws RespikeError exit 2 where the name is none of these, 3 for input that is refused, 5 without network or disk
 * @example
 * ```ts
 * import { openData } from "respike";
 *
 * const { splits } = await openData("mnist");
 * console.log(splits.test.n, splits.test.shape); // 10000 [ 1, 28, 28 ]
 * ```
 */
export async function openData(spec: string, options: OpenDataOptions = {}): Promise<Dataset> {
  const { layout, from, onWarning, signal, onProgress, offline } = options;
  const cacheDir = resolveCacheFolder(options.cacheDir);
  return await openDataset(spec, { cacheDir, offline, layout, from, onWarning, signal, onProgress });
}

/** The named data set of this shape and number of classes. @throws RespikeError (exit 2) where there is none */
export function guessData(shape: Shape, classes: number): string {
  const key = `${shape.join("×")}, ${classes} classes`;
  const known: Readonly<Record<string, string>> = {
    "1×28×28, 10 classes": "mnist",
    "3×32×32, 10 classes": "cifar10",
    "3×32×32, 100 classes": "cifar100",
  };
  const name = known[key];
  if (name !== undefined) return name;
  throw refuseUsage({
    code: "usage",
    where: "--calibrate",
    rule: "says which training images the activation statistics come from",
    value: `no named data set has ${key}`,
    next: "give --calibrate FOLDER or --calibrate images.npy,labels.npy",
  });
}

/** @throws RespikeError (exit 3) where the images do not have the network's shape, or more classes */
export function checkDataFits(data: Dataset, shape: Shape, classes: number): void {
  if (data.shape.join() !== shape.join()) {
    throw refuseInput({
      code: "wrong-shape",
      where: `data '${data.name}'`,
      rule: `images have the network's input shape [${shape.join(",")}]`,
      value: `[${data.shape.join(",")}]`,
      next: "name the data set that the network was trained on",
    });
  }
  if (data.classes > classes) {
    throw refuseInput({
      code: "wrong-classes",
      where: `data '${data.name}'`,
      rule: `at most the network's ${classes} classes`,
      value: `${data.classes} classes`,
      next: "name the data set that the network was trained on",
    });
  }
}
