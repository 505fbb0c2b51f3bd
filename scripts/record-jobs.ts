/**
 * Finished jobs of `respike reproduce` → records, a few kilobytes each, which a later run and another machine find again.
 *
 *   node dist-dev/scripts/record-jobs.js [JOBS=runs/jobs] [RECORDS=measured/reproduction] [--models ../shared/models]
 *
 * The other way about copies of the records in a folder of jobs are finished jobs: `cp measured/reproduction/*.json runs/jobs`.
 * Jobs that no row of today's plan asks for are left; a record with decisions of single images stays where JOBS has none.
 */
import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import { JobStore } from "#src/library/reproduce/job-store.js";
import { withImages } from "#src/library/reproduce/plan-reproduction.js";
import { chooseExperiments, planTarget } from "#src/library/reproduce/plan-target.js";

const { values: flags, positionals } = parseArgs({
  options: { models: { type: "string" } },
  allowPositionals: true,
});
const [jobs = "runs/jobs", records = "measured/reproduction"] = positionals;
await mkdir(records, { recursive: true });
const [from, to] = [new JobStore(jobs), new JobStore(records)];
const plans = [undefined, ...(flags.models === undefined ? [] : [flags.models])];
let kept = 0;
for (const models of plans) {
  const { plan } = await planTarget("all", chooseExperiments("all"), { models });
  for (const planned of plan.jobs)
    for (const n of await from.listCounts(planned)) {
      const job = withImages(planned, n);
      const finished = await from.readFinished(job);
      if (finished === null) continue;
      if (finished.right === null && (await to.readFinished(job))?.right != null) continue;
      await to.keepRecord(job, finished);
      kept++;
    }
}
console.log(`${kept} records in ${records}`);
