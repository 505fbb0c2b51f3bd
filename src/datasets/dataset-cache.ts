/**
 * Decoded data sets on disk: `<cacheDir>/datasets/<name>/` with one file of pixels and one of
 * labels a split (uint8, [N,C,H,W] and [N]) and `manifest.json` with their hashes.
 *
 * Knows: that layout, whole or not at all. May not know: sources, downloads.
 */

import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exitCodes, type Problem, RespikeError } from "../core/respike-error.js";
import { stableJson, viewBytes } from "../core/sha256.js";
import { type DecodedSplit, hashSplit, type SplitHashes } from "./decoded-split.js";
import type { KnownDataset } from "./known-datasets.js";
import { makeFolder } from "./make-folder.js";
import type { DecodedDataset } from "./source-layout.js";

export type SplitName = "train" | "test";
export const splitNames: readonly SplitName[] = ["train", "test"];

export interface SplitDescription extends SplitHashes {
  readonly n: number;
}
export type Manifest = Readonly<Record<SplitName, SplitDescription>>;

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const splitSchema = z.object({
  n: z.number().int().positive(),
  imagesSha256: hex,
  labelsSha256: hex,
  setSha256: hex,
});
const manifestSchema = z.object({
  schema: z.literal("respike.dataset/1"),
  name: z.string(),
  splits: z.object({ train: splitSchema, test: splitSchema }),
});

/** SHA-256 by Node's own implementation, which uses the processor's instructions. */
export function hashFast(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

export function datasetFolder(cacheDir: string, name: string): string {
  return join(cacheDir, "datasets", name);
}

function fileNames(split: SplitName): { readonly pixels: string; readonly labels: string } {
  return { pixels: `${split}-images.u8`, labels: `${split}-labels.u8` };
}

/** A cache entry that is not what was written; the next step rebuilds it. */
export function corruptCache(folder: string, name: string, rule: string, value: string): RespikeError {
  return new RespikeError(exitCodes.environment, corruptProblem(folder, name, rule, value));
}

function corruptProblem(where: string, name: string, rule: string, value: string): Problem {
  return { code: "corrupt-cache", where, rule, value, next: `run respike data get ${name} --force` };
}

/**
 * The manifest of a cached data set, its files' sizes and its content's names checked.
 *
 * @returns nothing where there is no entry at all
 * @throws RespikeError (exit 5) where the entry is damaged or holds other content
 */
export async function readManifest(cacheDir: string, dataset: KnownDataset): Promise<Manifest | undefined> {
  const folder = datasetFolder(cacheDir, dataset.name);
  if ((await stat(folder).catch(() => undefined)) === undefined) return undefined;
  const fail = (rule: string, value: string) => corruptCache(folder, dataset.name, rule, value);
  let manifest: z.infer<typeof manifestSchema>;
  try {
    manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
  } catch {
    throw fail("manifest.json describes the data set", "missing or unreadable");
  }
  const size = dataset.shape[0] * dataset.shape[1] * dataset.shape[2];
  for (const split of splitNames) {
    const { n, setSha256 } = manifest.splits[split];
    const known = dataset.splits[split];
    if (n !== known.n || setSha256 !== known.setSha256) {
      throw fail(`${split}: ${known.n} images with set hash ${known.setSha256}`, `${n} with ${setSha256}`);
    }
    const names = fileNames(split);
    for (const [file, bytes] of [
      [names.pixels, n * size],
      [names.labels, n],
    ] as const) {
      const found = (await stat(join(folder, file)).catch(() => undefined))?.size;
      if (found !== bytes)
        throw fail(`${file} has ${bytes} bytes`, found === undefined ? "missing" : `${found}`);
    }
  }
  return manifest.splits;
}

/**
 * One split from the cache, its bytes' hashes compared with the manifest's.
 *
 * @throws RespikeError (exit 5) where they differ: damaged data are never used
 */
export function readSplit(
  cacheDir: string,
  dataset: KnownDataset,
  split: SplitName,
  expected: SplitDescription,
): DecodedSplit {
  const folder = datasetFolder(cacheDir, dataset.name);
  const names = fileNames(split);
  const pixels = readBytes(folder, names.pixels, dataset.name);
  const labels = readBytes(folder, names.labels, dataset.name);
  const problems = [
    [names.pixels, expected.imagesSha256, hashFast(pixels)],
    [names.labels, expected.labelsSha256, hashFast(labels)],
  ].flatMap(([file, wanted, found]) =>
    wanted === found
      ? []
      : [corruptProblem(join(folder, `${file}`), dataset.name, `SHA-256 ${wanted}`, `${found}`)],
  );
  if (problems.length > 0) throw new RespikeError(exitCodes.environment, problems);
  return { pixels, labels };
}

function readBytes(folder: string, file: string, name: string): Uint8Array {
  try {
    return viewBytes(readFileSync(join(folder, file)));
  } catch (cause) {
    throw corruptCache(
      folder,
      name,
      `${file} is readable`,
      cause instanceof Error ? cause.message : String(cause),
    );
  }
}

/** Names the content of both splits. */
export function describeDecoded(decoded: DecodedDataset): Manifest {
  const describe = (split: DecodedSplit): SplitDescription => ({
    n: split.labels.length,
    ...hashSplit(split.pixels, split.labels, split.labels.length, hashFast),
  });
  return { train: describe(decoded.train), test: describe(decoded.test) };
}

/**
 * Publishes a data set: written under a unique temporary name beside its place, then renamed.
 * An entry that is there already is replaced.
 */
export async function writeDataset(
  cacheDir: string,
  name: string,
  decoded: DecodedDataset,
  manifest: Manifest,
): Promise<void> {
  const folder = datasetFolder(cacheDir, name);
  const temporary = `${folder}.tmp-${process.pid}-${randomUUID()}`;
  await makeFolder(temporary);
  try {
    for (const split of splitNames) {
      const names = fileNames(split);
      await writeFile(join(temporary, names.pixels), decoded[split].pixels, { flush: true });
      await writeFile(join(temporary, names.labels), decoded[split].labels, { flush: true });
    }
    const text = stableJson({ schema: "respike.dataset/1", name, splits: manifest });
    await writeFile(join(temporary, "manifest.json"), `${text}\n`, { flush: true });
    await putInPlace(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Renames a folder to its place; what lies there (an older or damaged entry) is moved away first. */
async function putInPlace(temporary: string, folder: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(temporary, folder);
      return;
    } catch (cause) {
      const code = (cause as { code?: unknown }).code;
      if (attempt >= 5 || (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "EPERM")) throw cause;
      const aside = `${folder}.tmp-old-${randomUUID()}`;
      await rename(folder, aside).catch(() => {});
      await rm(aside, { recursive: true, force: true });
    }
  }
}

/** Removes what killed processes left: temporary folders untouched for an hour. */
export async function sweepTemporaries(cacheDir: string): Promise<void> {
  const parent = join(cacheDir, "datasets");
  for (const entry of await readdir(parent).catch(() => [])) {
    if (!entry.includes(".tmp-")) continue;
    const info = await stat(join(parent, entry)).catch(() => undefined);
    if (info !== undefined && Date.now() - info.mtimeMs > 3600e3) {
      await rm(join(parent, entry), { recursive: true, force: true });
    }
  }
}
