/**
 * Which jobs which of k machines runs.
 *
 * Knows: what jobs cost relative to each other. May not know: how they are run.
 */
import { refuseUsage } from "../../core/respike-error.js";
import type { Shard } from "../../evaluation/shards.js";
import { weighJob } from "./forecast.js";
import type { Job } from "./plan-reproduction.js";

/**
 * The longest job goes to the machine that has least so far, and so on: the same on every machine.
 *
 * @throws RespikeError (exit 2) where there are more machines than jobs
 */
export function chooseShard(jobs: readonly Job[], { index, of }: Shard): readonly Job[] {
  if (of > jobs.length) {
    throw refuseUsage({
      code: "bad-option",
      where: "--shard",
      rule: "each part has a job",
      value: `${of} parts of ${jobs.length} jobs`,
      next: "take fewer parts",
    });
  }
  const loads = Array.from({ length: of }, () => 0);
  const chosen = new Set<string>();
  const sorted = [...jobs].sort((a, b) => weighJob(b) - weighJob(a) || (a.key < b.key ? -1 : 1));
  for (const job of sorted) {
    const least = loads.indexOf(Math.min(...loads));
    loads[least] = (loads[least] ?? 0) + weighJob(job);
    if (least === index - 1) chosen.add(job.key);
  }
  return jobs.filter(({ key }) => chosen.has(key));
}
