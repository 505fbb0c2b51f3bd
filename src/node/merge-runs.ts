/**
 * Puts shards together: the result is that of one run over all images.
 *
 * Knows: run folders of shards. May not know: networks, plots.
 */
import { type Problem, refuseInput } from "../core/respike-error.js";
import { accumulate, type Evaluation } from "../evaluation/accumulate.js";
import { listForeignRecords } from "../evaluation/check-records.js";
import type { ChunkRecord } from "../evaluation/chunk-record.js";
import type { ChunkStore } from "../evaluation/chunk-store.js";
import { countRuns, isRunToEnd, listParts } from "../evaluation/early-exit/evaluation-parts.js";
import { parseShard, shardRange } from "../evaluation/shards.js";
import { SpikeHash } from "../evaluation/spike-hash.js";
import { refuseExistingRun } from "./claim-folder.js";
import {
  listDifferences,
  openRunFolder,
  type RunConfig,
  readConfig,
  readCounts,
  readProgress,
} from "./run-folder.js";

export interface MergedRuns {
  /** As if one run had evaluated everything. */
  readonly config: RunConfig;
  readonly records: readonly ChunkRecord[];
  readonly evaluation: Evaluation;
}

interface ShardRun {
  readonly path: string;
  readonly config: RunConfig;
  readonly records: readonly ChunkRecord[];
}

/**
 * @param paths run folders of shards 1/k … k/k, in any order
 * @param command the command that merges, for the report; the shards' own stand in their folders
 * @throws RespikeError (exit 3) naming every folder that is none, unfinished, missing, twice, or of another run, and every
 * record of other images than its shard's
 */
export async function mergeRuns(
  paths: readonly string[],
  command: readonly string[] = ["respike", "merge", ...paths],
): Promise<MergedRuns> {
  const shards: ShardRun[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const config = await readConfig(path);
    if (config === null) problems.push(notShard(path, "a run folder has config.json", "missing"));
    else shards.push({ path, config, records: await readProgress(path) });
  }
  const [first] = shards;
  if (problems.length > 0 || first === undefined) {
    throw refuseInput(
      problems.length > 0 ? problems : notShard("merge", "folders of shards are named", "none"),
    );
  }
  for (const shard of shards) problems.push(...compareShard(first, shard), ...listForeign(shard));
  if (problems.length === 0) problems.push(...listMissing(shards));
  if (problems.length > 0) throw refuseInput(problems);
  const config = { ...withoutShard(first.config), command };
  const records = shards.flatMap((shard) => shard.records).sort((a, b) => a.start - b.start);
  const hashed = records.filter(({ start }) => !isRunToEnd(start, config.setup));
  const spikeHash = config.setup.options.hash
    ? await hashShards(shards, hashed, config.setup.options.n)
    : null;
  const evaluation = accumulate(config.setup, records, { threads: 0, imagesPerSecond: null }, spikeHash);
  return { config, records, evaluation };
}

function notShard(where: string, rule: string, value: string): Problem {
  return {
    code: "merge",
    where,
    rule,
    value,
    next: "evaluate each shard with --shard i/k, then merge all of them",
  };
}

/** Flags of the process that ran a shard; the whole has others, or none. */
const ownFlags = ["shard", "out", "resume", "force", "threads", "batch", "cacheDir", "offline"];

function withoutShard(config: RunConfig): RunConfig {
  const { setup } = config;
  const flags = Object.fromEntries(Object.entries(config.flags).filter(([name]) => !ownFlags.includes(name)));
  return { ...config, flags, setup: { ...setup, options: { ...setup.options, shard: null } } };
}

/** Differences in what decides the results, and images that are not evaluated yet. */
function compareShard(first: ShardRun, { path, config, records }: ShardRun): Problem[] {
  const { shard } = config.setup.options;
  if (shard === null) return [notShard(path, "the run is a shard", "it was run without --shard")];
  const problems = listDifferences(withoutShard(first.config), withoutShard(config)).map((difference) =>
    notShard(path, `the same run as ${first.path}`, difference),
  );
  const all = countRuns(config.setup);
  const done = records.reduce((sum, record) => sum + record.indices.length, 0);
  if (done !== all) problems.push(notShard(path, "the shard is finished", `${done} of ${all} images`));
  return problems;
}

/** Records of images that are not the shard's own, at their places. */
function listForeign({ path, config: { setup }, records }: ShardRun): readonly Problem[] {
  const { shard, n } = setup.options;
  if (shard === null) return [];
  const [start, end] = shardRange(parseShard(shard), n);
  const indices = Uint32Array.from({ length: end - start }, (_, at) => start + at);
  const foreign = listForeignRecords(records, listParts({ setup, start, indices }));
  return foreign.map((problem) => ({ ...problem, where: `${path}: ${problem.where}` }));
}

function listMissing(shards: readonly ShardRun[]): Problem[] {
  const parsed = shards.map(({ path, config }) => ({
    path,
    shard: parseShard(config.setup.options.shard ?? ""),
  }));
  const of = parsed[0]?.shard.of ?? 0;
  const problems = parsed
    .filter(({ shard }) => shard.of !== of)
    .map(({ path, shard }) => notShard(path, `a shard of ${of}`, `a shard of ${shard.of}`));
  for (let index = 1; index <= of; index++) {
    const count = parsed.filter(({ shard }) => shard.index === index && shard.of === of).length;
    if (count !== 1)
      problems.push(notShard(`shard ${index}/${of}`, "each shard is there once", `${count} times`));
  }
  return problems;
}

async function hashShards(
  shards: readonly ShardRun[],
  records: readonly ChunkRecord[],
  n: number,
): Promise<string> {
  const folderOf = new Map(
    shards.flatMap(({ path, records: own }) => own.map(({ start }) => [start, path] as const)),
  );
  const store: ChunkStore = {
    finished: records,
    async append() {},
    async putCounts() {},
    getCounts: (start) => readCounts(folderOf.get(start) as string, start),
    async dropCounts() {},
  };
  const hash = new SpikeHash(store, 0);
  for (const { start, indices } of records) await hash.add(start, indices.length);
  return hash.finish(n);
}

/** Writes the merged run as a run folder of its own, without a shard's traces. */
export async function saveMergedRun(
  path: string,
  { config, records, evaluation }: MergedRuns,
  options: { readonly force?: boolean | undefined } = {},
  writeMore?: (folder: string) => Promise<void>,
): Promise<void> {
  await refuseExistingRun(path, options, "use --force to start anew, or another --out");
  const folder = await openRunFolder(path, config, options);
  try {
    for (const record of records) await folder.append(record);
    await folder.finish(evaluation, writeMore);
  } finally {
    await folder.close();
  }
}
