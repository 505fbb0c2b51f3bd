/**
 * The article's experiments, run again: plan, forecast, jobs, verdicts.
 *
 * Knows: how the rooms fit together. May not know: flags' texts, the terminal.
 *
 * It only composes `convert` and `evaluate`; nothing is computed here but differences of counted decisions.
 */
import { join, relative, resolve } from "node:path";
import { refuseUsage, type Warning } from "../../core/respike-error.js";
import { parseShard, type Shard } from "../../evaluation/shards.js";
import { claimFolder } from "../../node/claim-folder.js";
import type { ReproductionResult } from "../../report/reproduction/reproduction-result.js";
import type { CallOptions } from "../surroundings.js";
import { version } from "../version.js";
import { composeResult } from "./compose-result.js";
import type { Experiment } from "./experiment.js";
import { experiments, targets } from "./experiments/experiment-list.js";
import { type FoundNetworks, findNetworks } from "./find-networks.js";
import { forecastJob, weighJob } from "./forecast.js";
import { JobStore } from "./job-store.js";
import { openKnownData } from "./known-data.js";
import { type Job, planReproduction, type ReproductionPlan } from "./plan-reproduction.js";
import { type JobRunner, measureSpeed, runJobs } from "./run-jobs.js";
import { chooseShard } from "./shard-jobs.js";
import { beginReproduction, finishReproduction, type ReproductionConfig } from "./write-reproduction.js";

export interface ReproduceOptions extends CallOptions {
  /** Named subsets: 200 images, shallow networks. */
  readonly quick?: boolean | undefined;
  /** The first n test images of each row; all by default, 200 with `quick`. */
  readonly n?: number | "all" | undefined;
  /** Only rows whose names contain this: `ResNet-20`, `cifar100`, `default`. */
  readonly only?: string | undefined;
  /** A folder of trained networks that go before those of the repository. */
  readonly models?: string | undefined;
  /** Preprocessing of networks of that folder that say nothing of it. */
  readonly preprocess?: string | undefined;
  /** Run folder. */
  readonly out: string;
  /** Folder of the jobs' run folders, shared by reproductions; `runs/jobs`, with `shard` `jobs` in the run folder. */
  readonly jobs?: string | undefined;
  /** `i/k`: only these of the jobs. */
  readonly shard?: string | undefined;
  /** Runs nothing: reports what the jobs' folder has, of each row the run with the most images. */
  readonly stored?: boolean | undefined;
  readonly resume?: boolean | undefined;
  readonly command?: readonly string[] | undefined;
  /** Told before anything is run. */
  readonly onForecast?: ((forecast: Forecast) => void) | undefined;
}

export interface Forecast {
  /** Jobs that are to be run, and those that earlier runs finished. */
  readonly jobs: number;
  readonly reused: number;
  readonly images: number;
  /** Null where nothing is to be run. */
  readonly seconds: number | null;
}

export interface ReproduceOutcome {
  readonly result: ReproductionResult & { readonly forecast: Forecast };
  readonly warnings: readonly Warning[];
  readonly folder: { readonly path: string; readonly report: string };
}

/** Images of each row of `quick`. */
const quickImages = 200;

/**
 * Runs a target's experiments; finished jobs are kept and used again by every later run.
 *
 * @throws RespikeError exit 2 for a target that is unknown, 3 for a folder without networks
 */
export async function reproduce(target: string, options: ReproduceOptions): Promise<ReproduceOutcome> {
  // 1. what is asked for
  const chosen = chooseExperiments(target);
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  const { out, resume, force } = options;
  return claimFolder(out, { resume, force }, async (release) => {
    try {
      // 2. networks, data, rows and jobs
      const { plan, networks } = await planTarget(target, chosen, options);
      const store = openStore(options);
      const config = describeRun(plan, store, options);
      await beginReproduction(out, config);
      // 3. what is left to run, and how long it will take
      const warnings: Warning[] = [];
      const warn = (warning: Warning) => warnings.push(warning);
      const runner: JobRunner = { store, networks, call: pickCall(options), warn };
      const forecast = await runPending(plan, shard, runner, options);
      // 4. rows, verdicts, pages
      const result = await composeResult(plan, chosen, store, options.stored === true);
      await finishReproduction(out, config, result);
      const folder = { path: out, report: join(out, "report.html") };
      return { result: { ...result, forecast }, warnings, folder };
    } finally {
      await release();
    }
  });
}

/** @throws RespikeError (exit 2) for a target that is unknown */
export function chooseExperiments(target: string): readonly Experiment[] {
  const chosen = experiments.filter(({ id }) => target === "all" || id === target);
  if (chosen.length > 0) return chosen;
  throw refuseUsage({
    code: "no-target",
    where: "respike reproduce",
    rule: `the target is one of ${targets.join(", ")}`,
    value: `'${target}' is unknown`,
    next: `run respike reproduce ${targets[0]}`,
  });
}

function refuseEmpty(only: string | null) {
  return refuseUsage({
    code: "no-rows",
    where: "--only",
    rule: "some row's name contains the text, such as 'ResNet-20' or 'cifar10 plain-20, default'",
    value: only ?? "none",
    next: "give another text, or leave --quick out",
  });
}

async function planTarget(
  target: string,
  chosen: readonly Experiment[],
  options: ReproduceOptions,
): Promise<{ plan: ReproductionPlan; networks: FoundNetworks["networks"] }> {
  const { models, preprocess, quick = false, seed = 0, only = null } = options;
  const { n = quick ? quickImages : "all" } = options;
  const found = await findNetworks(models, preprocess);
  const wanted = new Set<string>(chosen.flatMap(({ rows }) => rows.map(({ network }) => network.data)));
  const names = [...new Set(found.networks.map(({ data }) => data))].filter((name) => wanted.has(name));
  const { data, refused } = await openKnownData(names, options);
  const plan = planReproduction(chosen, found, data, { target, quick, n, seed, only });
  if (plan.rows.length === 0) throw refuseEmpty(only);
  return { plan: { ...plan, notes: [...plan.notes, ...refused] }, networks: found.networks };
}

/** What jobs are called with. */
function pickCall({ signal, onProgress, threads, cacheDir, offline }: ReproduceOptions): CallOptions {
  return { signal, onProgress, threads, cacheDir, offline };
}

const sharedJobs = join("runs", "jobs");

function openStore({ jobs, shard, out }: ReproduceOptions): JobStore {
  return new JobStore(jobs ?? (shard === undefined ? sharedJobs : join(out, "jobs")));
}

function describeRun(plan: ReproductionPlan, store: JobStore, options: ReproduceOptions): ReproductionConfig {
  const { signal: _, onProgress: __, onForecast: ___, command = [], shard = null, ...flags } = options;
  return {
    schema: "respike.reproduction/1",
    version,
    command: command.length > 0 ? command : ["respike", "reproduce", plan.target],
    flags: { target: plan.target, ...flags, ...(shard === null ? {} : { shard }), n: plan.n },
    jobs: relative(resolve(options.out), resolve(store.folder)),
    shard,
    plan,
  };
}

/** Tells the forecast, then runs what is not finished. */
async function runPending(
  plan: ReproductionPlan,
  shard: Shard | undefined,
  runner: JobRunner,
  options: ReproduceOptions,
): Promise<Forecast> {
  const own = shard === undefined ? plan.jobs : chooseShard(plan.jobs, shard);
  const pending: Job[] = [];
  for (const job of own) if ((await runner.store.readResult(job)) === null) pending.push(job);
  const reused = own.length - pending.length;
  const images = pending.reduce((sum, { n }) => sum + n, 0);
  // what is cheap first: most rows are there early
  pending.sort((a, b) => weighJob(a) - weighJob(b));
  if (pending.length === 0 || options.stored === true) {
    return { jobs: options.stored === true ? 0 : pending.length, reused, images, seconds: null };
  }
  const speed = await measureSpeed(pending, runner);
  const seconds = pending.reduce((sum, job) => {
    const { conversion, evaluation } = forecastJob(job, speed);
    return sum + conversion + evaluation;
  }, 0);
  const forecast = { jobs: pending.length, reused, images, seconds };
  options.onForecast?.(forecast);
  await runJobs(pending, runner, speed);
  return forecast;
}
