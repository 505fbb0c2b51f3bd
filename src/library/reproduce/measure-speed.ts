/**
 * How fast this machine is, for forecasts: two short runs of the smallest network.
 *
 * Knows: convert and evaluate, the clock. May not know: what jobs cost beside each other.
 */
import { availableParallelism } from "node:os";
import type { Snn } from "../../graph/snn.js";
import { convert } from "../convert.js";
import { evaluate } from "../evaluate.js";
import type { CallOptions } from "../surroundings.js";
import { type MeasuredSpeed, type RateClass, rateClass, stepsOfImage } from "./forecast.js";
import type { Job } from "./plan-reproduction.js";
import type { JobRunner } from "./run-jobs.js";

/** What the second run has more than the first: starting up takes both as long. */
const timedImages = 50;
const firstImages = 10;
const timedSteps = 350;

/**
 * Seconds a step and multiply-accumulate of the smallest network that jobs have, with each kind of λ they have: of 50 images, which
 * the second of two runs has more.
 */
export async function measureSpeed(
  jobs: readonly Job[],
  { networks, call }: Pick<JobRunner, "networks" | "call">,
): Promise<MeasuredSpeed> {
  const secondsAStep: Record<RateClass, number> = { maximum: 0, percentile: 0 };
  const [smallest] = [...jobs].sort((a, b) => a.macs - b.macs);
  const network = networks.find(({ model }) => model.sha256 === smallest?.modelSha256);
  if (smallest === undefined || network === undefined) return { secondsAStep };
  const kinds = [...new Set(jobs.map(({ options }) => rateClass(options)))];
  for (const [at, kind] of kinds.entries()) {
    call.onProgress?.({ phase: "forecast", done: at, total: kinds.length, unit: "runs of 60 images" });
    const quiet = { ...call, onProgress: undefined };
    const { snn } = await convert(network.model, {
      ...quiet,
      ...{ lambda: kind === "maximum" ? "max" : "p99.9", v0: kind === "maximum" ? 0 : 0.5 },
      ...{ calibrateN: 200, T: timedSteps, calibrate: smallest.data, number: "auto", certify: "off" },
    });
    const first = await timeImages(snn, firstImages, smallest.data, quiet);
    const more = (await timeImages(snn, firstImages + timedImages, smallest.data, quiet)) - first;
    secondsAStep[kind] = Math.max(0, more) / timedImages / stepsOfImage(timedSteps) / network.macs;
  }
  return { secondsAStep };
}

/** Seconds of a whole run. */
async function timeImages(snn: Snn, n: number, data: string, call: CallOptions): Promise<number> {
  const began = performance.now();
  const batch = chooseBatch(n, call.threads ?? availableParallelism());
  await evaluate(snn, { ...call, n, data, batch, T: timedSteps, at: [timedSteps] });
  return (performance.now() - began) / 1000;
}

/** So few images that whole batches would not keep all threads at work: as large ones as threads can share evenly, up to 16. */
function chooseBatch(n: number, threads: number): number {
  const each = Math.ceil(n / threads);
  return Math.ceil(each / Math.ceil(each / 16));
}
