/**
 * Runs jobs one after the other: converts, evaluates, keeps what is finished.
 *
 * Knows: convert and evaluate. May not know: rows, claims.
 */
import { readFile } from "node:fs/promises";
import { flagName } from "../../core/flag-name.js";
import type { ProgressEvent } from "../../core/progress.js";
import { exitCodes, RespikeError, type Warning } from "../../core/respike-error.js";
import type { Snn } from "../../graph/snn.js";
import { writeWholeFile } from "../../node/write-whole-file.js";
import { type ConversionResult, convert } from "../convert.js";
import { evaluate } from "../evaluate.js";
import { loadSnn, saveSnn } from "../snn-files.js";
import type { CallOptions } from "../surroundings.js";
import type { FoundNetwork } from "./find-networks.js";
import type { JobForecast } from "./forecast.js";
import type { JobStore } from "./job-store.js";
import type { Job } from "./plan-reproduction.js";

export interface JobRunner {
  readonly store: JobStore;
  readonly networks: readonly FoundNetwork[];
  readonly call: CallOptions;
  readonly warn: (warning: Warning) => void;
}

/** Runs jobs in their order. @param forecasts of each, for progress and time left */
export async function runJobs(
  jobs: readonly Job[],
  forecasts: readonly JobForecast[],
  runner: JobRunner,
): Promise<void> {
  const total = forecasts.reduce((sum, forecast) => sum + secondsOf(forecast), 0);
  let before = 0;
  for (const [at, job] of jobs.entries()) {
    runner.call.signal?.throwIfAborted();
    const forecast = forecasts[at] as JobForecast;
    const name = `job ${at + 1} of ${jobs.length}, ${job.name} on ${job.n} images`;
    const tell: Tell = (part, { phase, done: count, total: of }) => {
      const own = part === "conversion" ? 0 : forecast.conversion;
      // how long a conversion's phases take beside each other is not known
      const share = part === "conversion" ? 0 : count / of;
      const done = before + own + share * forecast[part];
      const note = `${name}, ${phase} ${count} of ${of}`;
      runner.call.onProgress?.({ phase: "reproduce", note, done, total, unit: "s of work" });
    };
    await runJob(job, runner, tell).then(
      () => runner.store.keepFailure(job, null),
      (error: unknown) => passFailure(error, job, runner),
    );
    before += secondsOf(forecast);
  }
}

/**
 * A job that is refused leaves its rows without a measurement, and why; one that another process runs is left to that one.
 * Whatever else goes wrong ends the run.
 */
async function passFailure(error: unknown, job: Job, { call, store, warn }: JobRunner): Promise<void> {
  const isRefused = error instanceof RespikeError && error.exitCode !== exitCodes.environment;
  if (!isRefused || call.signal?.aborted === true) throw error;
  if (error.code === "run-in-use") {
    const message = "another process runs it: the same command takes its result when it is finished";
    return warn({ code: "job-in-use", where: job.name, message });
  }
  const because = `${error.where}: ${error.value} (${error.rule})`;
  await store.keepFailure(job, because);
  warn({ code: "job-failed", where: job.name, message: because });
}

const secondsOf = ({ conversion, evaluation }: JobForecast) => conversion + evaluation;

type Tell = (part: keyof JobForecast, event: ProgressEvent) => void;

/** Converts, where that was not done before, and evaluates; finished images are kept. */
async function runJob(job: Job, runner: JobRunner, tell: Tell): Promise<void> {
  const { call, store } = runner;
  const { snn, result } = await convertOnce(job, runner, (event) => tell("conversion", event));
  const { data, n, T, at, seed } = job;
  const options = {
    ...call,
    ...{ data, n, T, at, seed, out: store.runFolder(job), convert: result },
    command: ["respike", "evaluate", store.snnPath(job), "--n", String(n), "-T", String(T)],
    onProgress: (event: ProgressEvent) => tell("evaluation", event),
  };
  try {
    await evaluate(snn, { ...options, force: false, resume: true });
  } catch (error) {
    // Begun by another state of this version: its images are worth nothing here.
    if (!(error instanceof RespikeError) || error.code !== "run-differs") throw error;
    runner.warn({ code: "job-restarted", where: store.runFolder(job), message: error.value });
    await evaluate(snn, { ...options, force: true, resume: false });
  }
}

async function convertOnce(
  job: Job,
  { store, networks, call }: JobRunner,
  onProgress: (event: ProgressEvent) => void,
): Promise<{
  snn: Snn;
  result: ConversionResult;
}> {
  const [path, told] = [store.snnPath(job), store.conversionPath(job)];
  if (await store.hasNetwork(job)) {
    const result = JSON.parse(await readFile(told, "utf8")) as ConversionResult;
    return { snn: await loadSnn(path), result };
  }
  const network = networks.find(({ model }) => model.sha256 === job.modelSha256);
  if (network === undefined) throw new RangeError(`${job.name}: its network is not at hand`);
  const { options, T, data, seed } = job;
  const words = Object.entries(options).flatMap(([key, value]) => [flagName(key), String(value)]);
  const made = await convert(network.model, {
    ...{ ...call, onProgress },
    ...options,
    ...{ T, seed, calibrate: data, certify: "off" },
    command: ["convert", network.model.name, "--calibrate", data, ...words, "-T", String(T)],
  });
  const result = { ...made.result, snn: await saveSnn(made.snn, path, { force: true }) };
  // The network is there when this is: whatever is killed in between is done again.
  await writeWholeFile(told, `${JSON.stringify(result, null, 1)}\n`, { force: true });
  return { snn: made.snn, result };
}
