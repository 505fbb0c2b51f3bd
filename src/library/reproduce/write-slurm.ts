/**
 * Writes the scripts that run a target on a cluster.
 *
 * Knows: the plan's number of jobs, files. May not know: flags' texts.
 */
import { chmod } from "node:fs/promises";
import { join, resolve } from "node:path";
import { claimFolder } from "../../node/claim-folder.js";
import { writeWholeFile } from "../../node/write-whole-file.js";
import { flagName } from "./convert-words.js";
import { chooseExperiments, type PlanOptions, planTarget } from "./plan-target.js";
import { writeSlurmScripts } from "./slurm-scripts.js";

export interface SlurmOptions extends PlanOptions {
  readonly out: string;
  /** Tasks of the array; one a job, at most 100, by default. */
  readonly parts?: number | undefined;
  readonly program: readonly string[];
}

export interface SlurmOutcome {
  readonly jobs: number;
  readonly parts: number;
  /** Absolute paths. */
  readonly scripts: { readonly array: string; readonly merge: string; readonly submit: string };
}

const mostParts = 100;

/** @throws RespikeError as `reproduce`; exit 2 where `out` holds something and `force` is not set */
export async function writeSlurm(target: string, options: SlurmOptions): Promise<SlurmOutcome> {
  const { plan } = await planTarget(target, chooseExperiments(target), options);
  const jobs = plan.jobs.length;
  const parts = Math.max(1, Math.min(options.parts ?? mostParts, jobs));
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

/** What decides the plan, as words; a task runs in another folder. */
function listFlags({ quick, n, only, models, preprocess, seed, cacheDir, offline }: PlanOptions): string[] {
  const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
  const values = {
    ...{ quick, n, only, models: absolute(models), preprocess, seed },
    ...{ cacheDir: absolute(cacheDir ?? process.env.RESPIKE_CACHE), offline },
  };
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [flagName(key)] : [flagName(key), String(value)];
  });
}
