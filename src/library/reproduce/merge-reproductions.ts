/**
 * Puts the parts of a reproduction together: all jobs in one folder, one page.
 *
 * Knows: run folders of parts. May not know: networks, data.
 */
import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Problem, refuseInput } from "../../core/respike-error.js";
import { stableJson } from "../../core/sha256.js";
import { parseShard } from "../../evaluation/shards.js";
import { claimFolder } from "../../node/claim-folder.js";
import type { ReproductionResult } from "../../report/reproduction/reproduction-result.js";
import { composeResult } from "./compose-result.js";
import { JobStore } from "./job-store.js";
import type { Job } from "./plan-reproduction.js";
import { chooseExperiments } from "./plan-target.js";
import {
  beginReproduction,
  finishReproduction,
  type ReproductionConfig,
  readReproduction,
} from "./write-reproduction.js";

interface Part {
  readonly path: string;
  readonly config: ReproductionConfig;
  readonly store: JobStore;
}

export interface MergedReproduction {
  readonly result: ReproductionResult;
  readonly folder: { readonly path: string; readonly report: string };
}

/** Whether a folder is a reproduction's. */
export async function isReproduction(path: string): Promise<boolean> {
  return (await readReproduction(path)) !== null;
}

/**
 * @param paths run folders of parts 1/k … k/k, in any order
 * @throws RespikeError exit 3 naming every folder that is none, of another plan, missing, twice, and every job that is
 * not finished; exit 2 where `out` exists without `force`
 */
export async function mergeReproductions(
  paths: readonly string[],
  out: string,
  options: { readonly force: boolean; readonly command: readonly string[] },
): Promise<MergedReproduction> {
  const parts = await readParts(paths);
  const { config } = parts[0] as Part;
  const homes = await findJobs(config.plan.jobs, parts);
  return claimFolder(out, options, async (release) => {
    try {
      const store = new JobStore(join(out, "jobs"));
      for (const [job, home] of homes) await takeJob(job, home, store);
      const whole = { ...config, command: options.command, jobs: "jobs", shard: null };
      await beginReproduction(out, whole);
      const result = await composeResult(config.plan, chooseExperiments(config.plan.target), store);
      await finishReproduction(out, whole, result);
      return { result, folder: { path: out, report: join(out, "report.html") } };
    } finally {
      await release();
    }
  });
}

async function readParts(paths: readonly string[]): Promise<readonly Part[]> {
  const parts: Part[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const config = await readReproduction(path);
    if (config === null)
      problems.push(notPart(path, "a part has the config.json of a reproduction", "missing"));
    else parts.push({ path, config, store: new JobStore(resolve(path, config.jobs)) });
  }
  const [first] = parts;
  if (first !== undefined) problems.push(...parts.flatMap((part) => comparePart(first, part)));
  if (problems.length === 0) problems.push(...countParts(parts));
  if (problems.length > 0) throw refuseInput(problems);
  return parts;
}

/** What parts have in common: everything but who runs what. */
const essence = ({ version, plan }: ReproductionConfig) =>
  stableJson({ ...plan, version, notes: [], jobs: plan.jobs.map(({ key }) => key) });

function comparePart(first: Part, { path, config }: Part): Problem[] {
  if (config.shard === null) return [notPart(path, "the run is a part", "it was run without --shard")];
  if (essence(config) === essence(first.config)) return [];
  return [notPart(path, `the same rows, networks and data as ${first.path}`, "others")];
}

function countParts(parts: readonly Part[]): Problem[] {
  const shards = parts.map(({ path, config }) => ({ path, ...parseShard(config.shard ?? "") }));
  const of = shards[0]?.of ?? 0;
  const problems = shards
    .filter((shard) => shard.of !== of)
    .map((shard) => notPart(shard.path, `a part of ${of}`, `a part of ${shard.of}`));
  for (let index = 1; index <= of; index++) {
    const count = shards.filter((shard) => shard.index === index && shard.of === of).length;
    if (count !== 1)
      problems.push(notPart(`part ${index}/${of}`, "each part is there once", `${count} times`));
  }
  return problems;
}

/** Where each job was finished, or refused. */
async function findJobs(jobs: readonly Job[], parts: readonly Part[]): Promise<Map<Job, JobStore>> {
  const homes = new Map<Job, JobStore>();
  const problems: Problem[] = [];
  for (const job of jobs) {
    const store = await findHome(job, parts);
    if (store === null) problems.push(notPart(job.name, "every job is finished in some part", "in none"));
    else homes.set(job, store);
  }
  if (problems.length > 0) throw refuseInput(problems);
  return homes;
}

async function findHome(job: Job, parts: readonly Part[]): Promise<JobStore | null> {
  for (const { store } of parts) if ((await store.readFinished(job)) !== null) return store;
  for (const { store } of parts) if ((await store.readFailure(job)) !== null) return store;
  return null;
}

async function takeJob(job: Job, home: JobStore, store: JobStore): Promise<void> {
  if (resolve(home.folder) === resolve(store.folder)) return;
  const failure = await home.readFailure(job);
  if ((await home.readFinished(job)) === null) return store.keepFailure(job, failure);
  // of its run folder, its record and its network there may be some alone: a report needs one of the first two
  await cp(home.runFolder(job), store.runFolder(job), { recursive: true }).catch(passMissing);
  await cp(home.recordPath(job), store.recordPath(job)).catch(passMissing);
  await cp(home.snnPath(job), store.snnPath(job)).catch(passMissing);
  await cp(home.conversionPath(job), store.conversionPath(job)).catch(passMissing);
}

function passMissing(cause: NodeJS.ErrnoException): void {
  if (cause.code !== "ENOENT") throw cause;
}

function notPart(where: string, rule: string, value: string): Problem {
  const next = "run each part with --shard i/k, then merge all of them";
  return { code: "merge", where, rule, value, next };
}
