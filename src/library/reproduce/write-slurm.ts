/**
 * Writes the scripts that run a target on a cluster.
 *
 * Knows: the plan's number of jobs, files. May not know: flags' texts.
 */
import { chmod } from "node:fs/promises";
import { join, resolve } from "node:path";
import { flagName } from "../../core/flag-name.js";
import { refuseInput } from "../../core/respike-error.js";
import { claimFolder } from "../../node/claim-folder.js";
import { writeWholeFile } from "../../node/write-whole-file.js";
import type { ReproductionPlan } from "./plan-reproduction.js";
import { chooseExperiments, type PlanOptions, planTarget } from "./plan-target.js";
import { writeSlurmScripts } from "./slurm-scripts.js";

export interface SlurmOptions extends PlanOptions {
  readonly out: string;
  /** Tasks of the array; one a job, at most 100, by default. */
  readonly parts?: number | undefined;
  /** Folder of the jobs that all parts share; each its own by default. */
  readonly jobs?: string | undefined;
  readonly program: readonly string[];
}

export interface SlurmOutcome {
  readonly jobs: number;
  readonly parts: number;
  /** Absolute paths. */
  readonly scripts: { readonly array: string; readonly merge: string; readonly submit: string };
}

const mostParts = 100;

/**
 * @throws RespikeError as `reproduce`; exit 2 where `out` holds something and `force` is not set, 3 where no row can be
 * run
 */
export async function writeSlurm(target: string, options: SlurmOptions): Promise<SlurmOutcome> {
  const { plan } = await planTarget(target, chooseExperiments(target), options);
  const jobs = plan.jobs.length;
  if (jobs === 0) throw refuseIdle(plan);
  const parts = Math.min(options.parts ?? mostParts, jobs);
  const folder = resolve(options.out);
  const { program, threads = 1 } = options;
  const flags = listFlags(options);
  const scripts = writeSlurmScripts({ target, parts, threads, folder, program, flags });
  const paths = {
    array: join(folder, "array.sbatch"),
    merge: join(folder, "merge.sbatch"),
    submit: join(folder, "submit.sh"),
  };
  return claimFolder(folder, { force: options.force }, async (release) => {
    for (const key of ["array", "merge", "submit"] as const) {
      await writeWholeFile(paths[key], scripts[key], { force: true });
      await chmod(paths[key], 0o755);
    }
    await release();
    return { jobs, parts, scripts: paths };
  });
}

function refuseIdle({ rows }: ReproductionPlan) {
  return refuseInput({
    code: "no-jobs",
    where: "--slurm",
    rule: "some row can be run",
    value: [...new Set(rows.map(({ because }) => because))].join("; "),
    next: "mend that first",
  });
}

/** What decides the plan, as words; a task runs in another folder. */
function listFlags(options: SlurmOptions): string[] {
  const { quick, n, only, models, preprocess, seed, jobs, cacheDir, offline } = options;
  const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
  const values = {
    ...{ quick, n, only, models: absolute(models), preprocess, seed, jobs: absolute(jobs) },
    ...{ cacheDir: absolute(cacheDir ?? process.env.RESPIKE_CACHE), offline },
  };
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [flagName(key)] : [flagName(key), String(value)];
  });
}
