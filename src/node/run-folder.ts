/**
 * The run folder: `config.json`, `progress.jsonl`, then `curve.csv layers.csv predictions.csv` and, last, `results.json`.
 *
 * Knows: those files, resuming, and what makes two runs the same. May not know: plots (a callback writes them).
 *
 * One process writes it at a time: a run that has lost its folder to another stops before the next line.
 *
 * `progress.jsonl` has one line per finished chunk, flushed to the disk before the next is counted as done; a line that
 * a kill tore in two is cut off. `results.json` exists only when everything else does.
 */

import { open, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { exitCodes, RespikeError, refuseInput, refuseUsage } from "../core/respike-error.js";
import { stableJson } from "../core/sha256.js";
import type { Evaluation } from "../evaluation/accumulate.js";
import { type ChunkRecord, chunkSchema } from "../evaluation/chunk-record.js";
import type { ChunkStore } from "../evaluation/chunk-store.js";
import type { EvaluationSetup } from "../evaluation/evaluation-plan.js";
import { writeCurve, writeLayers, writePredictions } from "../evaluation/result-tables.js";
import { claimFolder, type FolderClaim, type OpenRunOptions } from "./claim-folder.js";
import { refuseDisk, writeWholeFile } from "./write-whole-file.js";

/** What config.json holds. */
export interface RunConfig {
  readonly schema: "respike.run/1";
  readonly version: string;
  /** The exact command, one word an entry. */
  readonly command: readonly string[];
  /** The resolved set of flags, threads and paths too. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** What decides the results besides `setup`: the SNN's and the data's hashes. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly setup: EvaluationSetup;
  /** The conversion's result, where this run made the SNN. */
  readonly convert?: unknown;
  /** What the SNN says of its origin, for the report; decides nothing. */
  readonly snn?: {
    readonly provenance: Readonly<Record<string, unknown>>;
    readonly certificate?: unknown;
  };
}

export interface RunFolder extends ChunkStore {
  readonly path: string;
  /** Gives the folder free where the run ends without `finish`; what is finished stays. */
  close(): Promise<void>;
  /**
   * Writes tables, then whatever `writeMore` writes into the folder (report, plots), then results.json; gives the folder free,
   * also where one of them cannot be written.
   *
   * @param more fields that results.json has besides the evaluation's
   */
  finish(
    evaluation: Evaluation,
    writeMore?: (folder: string) => Promise<void>,
    more?: Readonly<Record<string, unknown>>,
  ): Promise<void>;
}

/** Everything that a run writes; a folder with other files in it is never emptied of them. */
const runFiles = [
  "results.json",
  "progress.jsonl",
  "config.json",
  "curve.csv",
  "layers.csv",
  "predictions.csv",
  "report.html",
  "plots",
  "counts",
];

/**
 * @throws RespikeError exit 2 where the folder exists without `resume` or `force`, or was begun with other options;
 * exit 3 where its records are damaged; exit 5 where the disk refuses
 */
export async function openRunFolder(
  path: string,
  config: RunConfig,
  { resume = false, force = false }: OpenRunOptions = {},
): Promise<RunFolder> {
  return claimFolder(path, { resume, force }, (_, claim) => beginRun(path, config, resume, claim));
}

async function beginRun(
  path: string,
  config: RunConfig,
  resume: boolean,
  { release, refuseLost }: FolderClaim,
): Promise<RunFolder> {
  if (!resume) for (const name of runFiles) await rm(join(path, name), { recursive: true, force: true });
  const earlier = resume ? await readConfig(path) : null;
  if (earlier !== null) compareConfigs(path, earlier, config);
  const finished = earlier === null ? [] : await readProgress(path, { cut: true });
  const text = `${JSON.stringify(config, null, 2)}\n`;
  await writeWholeFile(join(path, "config.json"), text, { force: true });
  const store = makeFolderStore(path, finished, earlier === null ? undefined : await readHash(path));
  const close = () => store.close().finally(release);
  return {
    ...store,
    path,
    close,
    async append(record) {
      await refuseLost();
      await store.append(record);
    },
    async finish(evaluation, writeMore, more = {}) {
      try {
        await store.close();
        await refuseLost();
        await writeTables(path, evaluation);
        await writeMore?.(path);
        await refuseLost();
        const results = `${JSON.stringify({ ...evaluation.result, ...more }, null, 2)}\n`;
        await writeWholeFile(join(path, "results.json"), results, { force: true });
        // Hashed by now; shards keep their counts for the hash of the merged run.
        if (config.setup.options.shard === null)
          await rm(join(path, "counts"), { recursive: true, force: true });
      } finally {
        await close();
      }
    },
  };
}

async function writeTables(path: string, { result, predictions }: Evaluation): Promise<void> {
  const write = (name: string, content: string) => writeWholeFile(join(path, name), content, { force: true });
  await write("curve.csv", writeCurve(result));
  await write("layers.csv", writeLayers(result));
  await write("predictions.csv", writePredictions(predictions, result.options.at as readonly number[]));
}

/** The configuration of a run folder; null where there is none. */
export async function readConfig(path: string): Promise<RunConfig | null> {
  const text = await readFile(join(path, "config.json"), "utf8").catch(() => null);
  if (text === null) return null;
  let config: Partial<RunConfig> | null = null;
  try {
    config = JSON.parse(text) as Partial<RunConfig> | null;
  } catch {
    // told below
  }
  if (config?.schema === "respike.run/1" && config.setup?.options !== undefined) return config as RunConfig;
  throw refuseInput({
    code: "run-folder",
    where: join(path, "config.json"),
    rule: "the configuration of a run of this version",
    value: "something else",
    next: "name another folder",
  });
}

/** The spike hash of a run that was finished before; its counts are gone. */
async function readHash(path: string): Promise<string | undefined> {
  const text = await readFile(join(path, "results.json"), "utf8").catch(() => "{}");
  try {
    const { spikeHash } = JSON.parse(text) as { readonly spikeHash?: unknown };
    return typeof spikeHash === "string" ? spikeHash : undefined;
  } catch {
    return undefined;
  }
}

/** Names everything in which two runs differ that decides their results. */
export function listDifferences(a: RunConfig, b: RunConfig): string[] {
  const flat = ({ version, inputs, setup }: RunConfig): Record<string, unknown> => {
    const { options, ...rest } = setup;
    return { version, ...inputs, ...rest, ...options };
  };
  const [first, second] = [flat(a), flat(b)];
  return [...new Set([...Object.keys(first), ...Object.keys(second)])]
    .filter((key) => stableJson(first[key] ?? null) !== stableJson(second[key] ?? null))
    .map((key) => `${key}: ${shorten(first[key])} there, ${shorten(second[key])} now`);
}

function shorten(value: unknown): string {
  const text = stableJson(value ?? null);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function compareConfigs(path: string, earlier: RunConfig, config: RunConfig): void {
  const differences = listDifferences(earlier, config);
  if (differences.length === 0) return;
  throw refuseUsage({
    code: "run-differs",
    where: path,
    rule: "a run is resumed with the options it was begun with",
    value: differences.join("; "),
    next: "give the same options, or another --out",
  });
}

/**
 * The finished chunks of a run folder; a last line without its end is none.
 *
 * @param cut whether that line is cut off the file too: for the run that goes on with it, and for no other reader
 * @throws RespikeError (exit 3) for a damaged line, or images that stand in two chunks
 */
export async function readProgress(path: string, { cut = false } = {}): Promise<ChunkRecord[]> {
  const file = join(path, "progress.jsonl");
  const content = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw refuseDisk(file, cause);
  });
  if (content === null) return [];
  const end = content.lastIndexOf(10) + 1;
  if (cut && end < content.length) await truncate(file, end);
  const records = content
    .toString("utf8", 0, end)
    .split("\n")
    .slice(0, -1)
    .map((line, index) => parseLine(file, line, index));
  const sorted = [...records].sort((a, b) => a.start - b.start);
  for (const [at, record] of sorted.entries()) {
    const next = sorted[at + 1];
    if (next !== undefined && record.start + record.indices.length > next.start)
      throw damaged(file, `images from ${next.start} on stand in two chunks`);
  }
  return sorted;
}

function parseLine(file: string, line: string, index: number): ChunkRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw damaged(file, `line ${index + 1} is no JSON`);
  }
  const parsed = chunkSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(file, `line ${index + 1}: ${parsed.error.issues[0]?.message ?? "of another form"}`);
}

function damaged(where: string, value: string): RespikeError {
  const next = "start anew with --force";
  return refuseInput({ code: "run-folder", where, rule: "one finished chunk a line", value, next });
}

/** File of a chunk's compressed counts. */
export function countsFile(path: string, start: number): string {
  return join(path, "counts", `${start}.z`);
}

export async function readCounts(path: string, start: number): Promise<Uint8Array> {
  return readFile(countsFile(path, start)).catch((cause: unknown) => {
    const problem = {
      code: "run-folder",
      where: countsFile(path, start),
      rule: "counts of finished chunks are kept until they are hashed",
      value: "missing",
      next: "start anew with --force",
    };
    throw new RespikeError(exitCodes.environment, problem, { cause });
  });
}

function makeFolderStore(path: string, finished: readonly ChunkRecord[], spikeHash: string | undefined) {
  const file = join(path, "progress.jsonl");
  let opened: ReturnType<typeof open> | undefined;
  const store: ChunkStore & { close(): Promise<void> } = {
    finished,
    spikeHash,
    async append(record) {
      try {
        opened ??= open(file, "a");
        const handle = await opened;
        await handle.appendFile(`${JSON.stringify(record)}\n`);
        await handle.datasync();
      } catch (cause) {
        throw refuseDisk(file, cause);
      }
    },
    async putCounts(start, counts) {
      await writeWholeFile(countsFile(path, start), counts, { force: true });
    },
    getCounts: (start) => readCounts(path, start),
    async dropCounts() {},
    async close() {
      // one that could not be opened was told by append
      const handle = await opened?.catch(() => undefined);
      opened = undefined;
      await handle?.close();
    },
  };
  return store;
}
