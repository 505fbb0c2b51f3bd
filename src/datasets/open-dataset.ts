/**
 * DATA of the command line → labelled images.
 *
 * Knows: the three forms of DATA. May not know: models.
 */
import { refuseUsage } from "../core/respike-error.js";
import { acquireDataset } from "./acquire-dataset.js";
import type { Dataset, ImageSet } from "./dataset.js";
import { type Manifest, readSplit, type SplitName } from "./dataset-cache.js";
import type { DatasetOptions } from "./dataset-options.js";
import { type KnownDataset, knownDatasets } from "./known-datasets.js";

/** The entry of a named data set. */
export function findKnownDataset(name: string): KnownDataset | undefined {
  return knownDatasets.find((dataset) => dataset.name === name);
}

/**
 * Opens DATA: `mnist`, `cifar10` or `cifar100` (from the cache; got first where it is not
 * there). A split is read, and its hash checked, when it is first used.
 *
 * @throws RespikeError exit 2 for an unknown name, 3 for input that is refused, 5 without network, disk or a whole cache
 */
export async function openDataset(spec: string, options: DatasetOptions): Promise<Dataset> {
  const known = findKnownDataset(spec);
  if (known !== undefined) {
    return openKnown(known, await acquireDataset(known, options), options.cacheDir);
  }
  throw refuseUsage({
    code: "unknown-dataset",
    where: spec,
    rule: `DATA is ${knownDatasets.map(({ name }) => name).join(", ")}, a folder, or images.npy,labels.npy`,
    value: spec,
    next: "check the name or path",
  });
}

function openKnown(known: KnownDataset, manifest: Manifest, cacheDir: string): Dataset {
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
