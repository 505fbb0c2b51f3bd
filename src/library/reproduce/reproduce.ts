/**
 * The article's experiments, run again: plan, forecast, jobs, verdicts.
 *
 * Knows: how the rooms fit together. May not know: flags' texts, the terminal.
 *
 * It only composes `convert` and `evaluate`; nothing is computed here but differences of counted decisions.
 */
import { join, relative, resolve } from "node:path";
import type { Warning } from "../../core/respike-error.js";
import { parseShard, type Shard } from "../../evaluation/shards.js";
import { claimFolder } from "../../node/claim-folder.js";
import type { ReproductionResult } from "../../report/reproduction/reproduction-result.js";
import type { CallOptions } from "../surroundings.js";
import { version } from "../version.js";
import { composeResult } from "./compose-result.js";
import { forecastJobs, type JobForecast, nominalSpeed, weighJob } from "./forecast.js";
import { JobStore } from "./job-store.js";
import { measureSpeed } from "./measure-speed.js";
import type { Job, ReproductionPlan } from "./plan-reproduction.js";
import { chooseExperiments, type PlanOptions, planTarget } from "./plan-target.js";
import { type JobRunner, runJobs } from "./run-jobs.js";
import { chooseShard } from "./shard-jobs.js";
import { beginReproduction, finishReproduction, type ReproductionConfig } from "./write-reproduction.js";

export interface ReproduceOptions extends PlanOptions {
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
  /** Null where nothing is to be run. From this machine's speed, from a nominal one where that says half a minute or less. */
  readonly seconds: number | null;
  /** What the jobs took, the measuring of the forecast not counted; null before they are run, and where there were none. */
  readonly took: number | null;
}

export interface ReproduceOutcome {
  readonly result: ReproductionResult & { readonly forecast: Forecast };
  readonly warnings: readonly Warning[];
  readonly folder: { readonly path: string; readonly report: string };
}

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
  return claimFolder(out, { resume, force }, async (release, claim) => {
    try {
      // 2. networks, data, rows and jobs
      const { plan, networks } = await planTarget(target, chosen, options);
      const store = openStore(options);
      const config = describeRun(plan, store, options);
      await beginReproduction(out, config, resume);
      // 3. what is left to run, and how long it will take
      const warnings: Warning[] = [];
      const warn = (warning: Warning) => warnings.push(warning);
      const runner: JobRunner = { store, networks, call: pickCall(options), warn };
      const forecast = await runPending(plan, shard, runner, options);
      // 4. rows, verdicts, pages
      const result = await composeResult(plan, chosen, store, options.stored === true);
      await claim.refuseLost();
      await finishReproduction(out, config, result);
      const folder = { path: out, report: join(out, "report.html") };
      return { result: { ...result, forecast }, warnings, folder };
    } finally {
      await release();
    }
  });
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

/** Seconds, roughly, below which work is not worth a measurement of this machine. */
const shortWork = 30;

/** Tells the forecast, then runs what is not finished. */
async function runPending(
  plan: ReproductionPlan,
  shard: Shard | undefined,
  runner: JobRunner,
  options: ReproduceOptions,
): Promise<Forecast> {
  const own = shard === undefined ? plan.jobs : chooseShard(plan.jobs, shard);
  const [pending, finished]: [Job[], Job[]] = [[], []];
  for (const job of own) ((await runner.store.readFinished(job)) === null ? pending : finished).push(job);
  const reused = finished.length;
  const images = pending.reduce((sum, { n }) => sum + n, 0);
  // what is cheap first: most rows are there early
  pending.sort((a, b) => weighJob(a) - weighJob(b));
  if (pending.length === 0 || options.stored === true) {
    const jobs = options.stored === true ? 0 : pending.length;
    return { jobs, reused, images, seconds: null, took: null };
  }
  const converted = await chooseConverted(own, runner.store);
  const rough = forecastJobs(pending, nominalSpeed, converted);
  // so little that measuring would take as long
  const isShort = sumSeconds(rough) <= shortWork;
  const parts = isShort ? rough : forecastJobs(pending, await measureSpeed(pending, runner), converted);
  const seconds = sumSeconds(parts);
  const forecast = { jobs: pending.length, reused, images, seconds, took: null };
  options.onForecast?.(forecast);
  return { ...forecast, took: await timeJobs(pending, parts, runner) };
}

const sumSeconds = (jobs: readonly JobForecast[]) =>
  jobs.reduce((sum, { conversion, evaluation }) => sum + conversion + evaluation, 0);

/** Those of which this machine has more than a record. */
async function chooseConverted(jobs: readonly Job[], store: JobStore): Promise<readonly Job[]> {
  const here = await Promise.all(jobs.map((job) => store.hasNetwork(job)));
  return jobs.filter((_, at) => here[at]);
}

/** Runs them. @returns seconds */
async function timeJobs(
  jobs: readonly Job[],
  forecasts: readonly JobForecast[],
  runner: JobRunner,
): Promise<number> {
  const began = performance.now();
  await runJobs(jobs, forecasts, runner);
  return (performance.now() - began) / 1000;
}
