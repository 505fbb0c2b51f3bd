/**
 * DATA of the command line → labelled images.
 *
 * Knows: the three forms of DATA. May not know: models.
 */
import { stat } from "node:fs/promises";
import { refuseUsage } from "../core/respike-error.js";
import { acquireDataset } from "./acquire-dataset.js";
import type { Dataset, ImageSet } from "./dataset.js";
import { type Manifest, readSplit, type SplitName } from "./dataset-cache.js";
import type { DatasetOptions } from "./dataset-options.js";
import { type KnownDataset, knownDatasets } from "./known-datasets.js";
import { readImageFolder } from "./read-image-folder.js";
import { readNpyDataset, splitNpySpec } from "./read-npy-dataset.js";

/** The entry of a named data set. */
export function findKnownDataset(name: string): KnownDataset | undefined {
  return knownDatasets.find((dataset) => dataset.name === name);
}

/**
 * Opens DATA:
 * - `mnist`, `cifar10`, `cifar100`: from the cache; got first where it is not there. A split
 *   is read, and its hash checked, when it is first used;
 * - a folder of class folders, or of `train/` and `test/` holding them; a flat one serves both
 *   splits (write `./mnist` for a folder of that name);
 * - `images.npy,labels.npy`, which serve both splits.
 *
 * The caller only reads the arrays.
 *
 * @throws RespikeError exit 2 where DATA is none of these, 3 for input that is refused, 5 without network, disk or a whole cache
 *
 * @example
 * ```ts
 * const data = await openDataset("cifar10", { cacheDir });
 * const { pixels, labels } = data.splits.test; // Uint8Array [10000,3,32,32], Int32Array [10000]
 * ```
 */
export async function openDataset(spec: string, options: DatasetOptions): Promise<Dataset> {
  const known = findKnownDataset(spec);
  if (known !== undefined) {
    return openKnown(known, await acquireDataset(known, options), options.cacheDir);
  }
  const paths = splitNpySpec(spec);
  if (paths !== undefined) return readNpyDataset(paths, options);
  if ((await stat(spec).catch(() => undefined))?.isDirectory() === true)
    return readImageFolder(spec, options);
  throw refuseUsage({
    code: "unknown-dataset",
    where: spec,
    rule: `DATA is ${listNames()}, a folder of class folders, or images.npy,labels.npy`,
    value: "none of these, and no such folder",
    next: "check the name or path; an SNN converted for a folder or files keeps their name only: give --data",
  });
}

/** The names of named data sets, for people. */
export function listNames(): string {
  return knownDatasets.map(({ name }) => name).join(", ");
}

/** A cached data set whose splits are read when first used. */
export function openKnown(known: KnownDataset, manifest: Manifest, cacheDir: string): Dataset {
  const read = new Map<SplitName, ImageSet>();
  const take = (split: SplitName): ImageSet => {
    const before = read.get(split);
    if (before !== undefined) return before;
    const { pixels, labels } = readSplit(cacheDir, known, split, manifest[split]);
    const set = { n: labels.length, shape: known.shape, pixels, labels: Int32Array.from(labels) };
    read.set(split, set);
    return set;
  };
  return {
    name: known.name,
    shape: known.shape,
    classes: known.classNames.length,
    classNames: known.classNames,
    splits: {
      get train() {
        return take("train");
      },
      get test() {
        return take("test");
      },
    },
  };
}
