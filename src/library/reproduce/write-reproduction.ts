/**
 * The run folder of a reproduction: config.json, a CSV an experiment, plots, report.html and, last, results.json.
 *
 * Knows: those files. May not know: how results came about.
 */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { refuseInput, refuseUsage } from "../../core/respike-error.js";
import { makeFolder } from "../../datasets/make-folder.js";
import { writeWholeFile } from "../../node/write-whole-file.js";
import { renderReproduction } from "../../report/reproduction/render-reproduction.js";
import type { ReproductionResult } from "../../report/reproduction/reproduction-result.js";
import { writeRowsCsv } from "../../report/reproduction/write-csv.js";
import { version } from "../version.js";
import type { ReproductionPlan } from "./plan-reproduction.js";
import { chooseExperiments } from "./plan-target.js";

/** What config.json holds. */
export interface ReproductionConfig {
  readonly schema: "respike.reproduction/1";
  readonly version: string;
  readonly command: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** Folder of the jobs, relative to the run folder. */
  readonly jobs: string;
  /** `i/k` where only a part of the jobs was run. */
  readonly shard: string | null;
  readonly plan: ReproductionPlan;
}

/**
 * At the beginning: what an earlier run wrote goes, so that everything in the folder is of this one.
 *
 * @param resume whether the folder must be one that this target began
 * @throws RespikeError (exit 2) where it is to be resumed and holds a run of another kind or target, which would be overwritten
 */
export async function beginReproduction(
  folder: string,
  config: ReproductionConfig,
  resume = false,
): Promise<void> {
  if (resume) await refuseOtherRun(folder, config.plan.target);
  for (const name of ["results.json", "report.html", "plots", ...chooseExperiments("all").map(nameTable)])
    await rm(join(folder, name), { recursive: true, force: true });
  await writeWholeFile(join(folder, "config.json"), `${JSON.stringify(config, null, 1)}\n`, { force: true });
}

export async function finishReproduction(
  folder: string,
  config: ReproductionConfig,
  result: ReproductionResult,
): Promise<void> {
  const { command, flags } = config;
  const write = (name: string, text: string) => writeWholeFile(join(folder, name), text, { force: true });
  for (const experiment of result.experiments) await write(nameTable(experiment), writeRowsCsv(experiment));
  const { html, plots } = await renderReproduction({ result, command, configuration: flags, version });
  await makeFolder(join(folder, "plots"));
  for (const [name, svg] of plots) await write(join("plots", name), svg);
  await write("report.html", html);
  await write("results.json", `${JSON.stringify(result, null, 1)}\n`);
}

const nameTable = ({ id }: { readonly id: string }) => `${id}.csv`;

async function refuseOtherRun(folder: string, target: string): Promise<void> {
  const file = join(folder, "config.json");
  if (!existsSync(file)) return;
  const earlier = await readReproduction(folder);
  if (earlier?.plan.target === target) return;
  const value = earlier === null ? "a run of another kind" : `a reproduction of ${earlier.plan.target}`;
  const rule = `the run folder of a reproduction of ${target}`;
  throw refuseUsage({ code: "run-differs", where: file, rule, value, next: "use another --out" });
}

/** The configuration of a reproduction's run folder; null where the folder is none. */
export async function readReproduction(folder: string): Promise<ReproductionConfig | null> {
  const file = join(folder, "config.json");
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    const config = JSON.parse(text) as Partial<ReproductionConfig> | null;
    return config?.schema === "respike.reproduction/1" ? (config as ReproductionConfig) : null;
  } catch (cause) {
    const [rule, value] = ["the configuration of a run of this version", "no JSON"];
    throw refuseInput({ code: "run-folder", where: file, rule, value, next: "name another folder" }, cause);
  }
}
