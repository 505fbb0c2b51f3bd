/**
 * Files of a published data set from a folder, an archive or a file beside its siblings.
 *
 * Knows: folders, tar, gzip, limits on what is unpacked. May not know: what the files mean, downloads.
 */
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { createGunzip, gunzip } from "node:zlib";
import { Parser } from "tar";
import { RespikeError, refuseInput } from "../core/respike-error.js";
import { viewBytes } from "../core/sha256.js";
import { chooseLayout, type SourceFiles, type SourceLayout } from "./source-layout.js";

/** Archives that unpack to more than this are not read on. */
const largestArchive = 2e9;
const deepestFolder = 3;
const unzip = promisify(gunzip);

export interface ReadSource {
  readonly layout: SourceLayout;
  readonly files: SourceFiles;
}

/**
 * Reads the files of the first layout that is complete.
 *
 * @param path a folder (searched three levels deep, for the files or else their official archive), a `.tar`, `.tar.gz` or `.tgz`, or one of the files
 * @throws RespikeError (exit 3) where files are missing, broken or too large; (exit 5) where nothing can be read
 */
export async function readSource(
  path: string,
  layouts: readonly SourceLayout[],
  signal?: AbortSignal,
): Promise<ReadSource> {
  const info = await stat(path).catch((cause: unknown) => {
    throw missingSource(path, cause);
  });
  if (info.isDirectory()) return readFolder(path, layouts, signal);
  const isFile = layouts.some(({ files }) => files.includes(canonicalName(path)));
  return isFile ? readFolder(dirname(path), layouts, signal) : readPacked(path, layouts, signal);
}

async function readPacked(
  path: string,
  layouts: readonly SourceLayout[],
  signal?: AbortSignal,
): Promise<ReadSource> {
  const wanted = new Set(layouts.flatMap(({ files }) => files));
  const files = await readArchive(path, wanted, Math.max(...layouts.map((l) => l.largestFile)), signal);
  return { layout: chooseLayout(layouts, new Set(files.keys()), path), files };
}

function missingSource(path: string, cause: unknown): RespikeError {
  return refuseInput(
    {
      code: "source-missing",
      where: path,
      rule: "the source is a folder, an archive or a URL",
      value: cause instanceof Error ? cause.message : String(cause),
      next: "check the path given with --from",
    },
    cause,
  );
}

/** A failing disk or a missing permission of the user's own folder: no fault of the cache. */
function refuseUnreadable(path: string): (cause: unknown) => never {
  return (cause) => {
    throw refuseInput(
      {
        code: "source-unreadable",
        where: path,
        rule: "the source's folders and files can be read",
        value: cause instanceof Error ? cause.message : String(cause),
        next: "check its permissions, or give another copy with --from",
      },
      cause,
    );
  };
}

/** `x/train-images.idx3-ubyte.gz` → `train-images-idx3-ubyte`: mirrors write the dot or the hyphen. */
function canonicalName(path: string): string {
  return basename(path.replaceAll("\\", "/"))
    .replace(/[.]gz$/i, "")
    .replace(/[.](idx[13]-ubyte)$/, "-$1");
}

async function readFolder(
  folder: string,
  layouts: readonly SourceLayout[],
  signal?: AbortSignal,
): Promise<ReadSource> {
  const found = await listFiles(folder, deepestFolder);
  const isWhole = layouts.some(({ files }) => files.every((name) => found.has(name)));
  const archives = layouts.flatMap(({ archive }) => found.get(canonicalName(archive ?? "")) ?? []);
  if (!isWhole && archives[0] !== undefined) return readPacked(archives[0], layouts, signal);
  const layout = chooseLayout(layouts, new Set(found.keys()), folder);
  const files = new Map<string, Uint8Array>();
  for (const name of layout.files) {
    signal?.throwIfAborted();
    files.set(name, await readPlainOrGzip(found.get(name) as string, layout.largestFile));
  }
  return { layout, files };
}

/** Canonical name → path; a file nearer to the top and without `.gz` comes first. */
async function listFiles(folder: string, depth: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const folders: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(refuseUnreadable(folder));
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (kind?.isDirectory()) folders.push(path);
    else if (kind?.isFile() && !found.has(canonicalName(path))) found.set(canonicalName(path), path);
  }
  if (depth <= 1) return found;
  for (const child of folders) {
    for (const [name, path] of await listFiles(child, depth - 1)) if (!found.has(name)) found.set(name, path);
  }
  return found;
}

async function readPlainOrGzip(path: string, largest: number): Promise<Uint8Array> {
  const { size } = await stat(path).catch(refuseUnreadable(path));
  if (size > largest) throw tooLarge(path, size, largest);
  const bytes = await readFile(path).catch(refuseUnreadable(path));
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return viewBytes(bytes);
  try {
    return viewBytes(await unzip(bytes, { maxOutputLength: largest }));
  } catch (cause) {
    throw brokenArchive(path, cause);
  }
}

function tooLarge(where: string, size: number, largest: number): RespikeError {
  return refuseInput({
    code: "file-too-large",
    where,
    rule: `no file of this data set has more than ${largest} bytes`,
    value: `${size} bytes`,
    next: "download it again from its official address",
  });
}

function brokenArchive(where: string, cause: unknown): RespikeError {
  return refuseInput(
    {
      code: "broken-archive",
      where,
      rule: "a whole .tar, .tar.gz or .gz file",
      value: cause instanceof Error ? cause.message : String(cause),
      next: "it is truncated or of another kind: download it again",
    },
    cause,
  );
}

async function readArchive(
  path: string,
  wanted: ReadonlySet<string>,
  largest: number,
  signal?: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const name = canonicalName(entry.path);
      if (entry.type !== "File" || !wanted.has(name) || files.has(name)) {
        entry.resume();
        return;
      }
      if (entry.size > largest) throw tooLarge(`${path}: ${entry.path}`, entry.size, largest);
      const bytes = new Uint8Array(entry.size);
      let at = 0;
      entry.on("data", (chunk: Buffer) => {
        bytes.set(chunk, at);
        at += chunk.length;
      });
      entry.on("end", () => {
        if (at === bytes.length) files.set(name, bytes);
      });
    },
  });
  try {
    await feedParser(path, parser, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof RespikeError) throw cause;
    throw brokenArchive(path, cause);
  }
  return files;
}

/** Sends the (unzipped) bytes to the parser, not more than {@link largestArchive}. */
async function feedParser(path: string, parser: Parser, signal?: AbortSignal): Promise<void> {
  const raw = createReadStream(path, signal === undefined ? {} : { signal });
  const zipped = await startsAsGzip(path);
  const stream = zipped ? raw.pipe(createGunzip()) : raw;
  if (zipped) raw.on("error", (error) => stream.destroy(error));
  let failure: unknown;
  parser.on("error", (error: unknown) => {
    failure ??= error;
  });
  const ended = new Promise<void>((resolve) => parser.on("end", () => resolve()));
  let total = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (total > largestArchive) throw tooLarge(path, total, largestArchive);
      parser.write(chunk);
      if (failure !== undefined) throw failure;
    }
  } finally {
    raw.destroy();
  }
  if (total === 0) throw new Error("an empty file");
  parser.end();
  if (failure !== undefined) throw failure;
  await ended;
  if (failure !== undefined) throw failure;
}

async function startsAsGzip(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 1 }) as AsyncIterable<Buffer>) {
    return chunk[0] === 0x1f && chunk[1] === 0x8b;
  }
  return false;
}
