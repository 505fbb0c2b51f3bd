/**
 * Which rows a target has, which network each takes, and the jobs that are to be run for them.
 *
 * Knows: experiments, recipes, networks, hashes of data. May not know: what is finished, how jobs are run.
 *
 * A plan is plain JSON: a machine that has the finished jobs needs neither networks nor data to report.
 */
import { type ExplicitOptions, nameFit } from "../../conversion/convert-options.js";
import { hashText, stableJson } from "../../core/sha256.js";
import type { UsedNetwork } from "../../report/reproduction/reproduction-result.js";
import { version } from "../version.js";
import { type Experiment, type NetworkSpec, nameNetwork, type RowSpec, uniqueRows } from "./experiment.js";
import { chooseNetwork, type FoundNetwork, type FoundNetworks } from "./find-networks.js";
import {
  delayAt,
  describeOptions,
  describeRecipe,
  expandOptions,
  findRecipe,
  isBoundToT,
} from "./recipes.js";

export interface PlannedRow extends RowSpec {
  readonly experiment: string;
  /** The recipe in words, and as flags of `convert`. */
  readonly method: string;
  readonly flags: string;
  readonly used: UsedNetwork | null;
  /** Why it cannot be run; null where it can. */
  readonly because: string | null;
  /** Key of its job. */
  readonly job: string | null;
}

/** One evaluation: a run folder of its own. */
export interface Job {
  /** SHA-256 of what decides its results. */
  readonly key: string;
  /** The same of the conversion alone. */
  readonly conversion: string;
  /** For people, and part of the folder's name; of what decides the job, not of the row that asks first. */
  readonly name: string;
  readonly modelSha256: string;
  /** Of the images that it is evaluated on. */
  readonly testSha256: string;
  readonly data: string;
  readonly options: ExplicitOptions;
  readonly T: number;
  readonly at: readonly number[];
  readonly n: number;
  readonly seed: number;
  readonly macs: number;
}

export interface PlanRequest {
  readonly target: string;
  readonly quick: boolean;
  readonly n: number | "all";
  readonly seed: number;
  /** Only rows whose names contain this, or one of several between `|`. */
  readonly only: string | null;
}

export interface ReproductionPlan extends PlanRequest {
  readonly version: string;
  readonly rows: readonly PlannedRow[];
  readonly jobs: readonly Job[];
  readonly notes: readonly string[];
}

/** Hashes of a data set's images and labels, and how many there are to test on. */
export interface KnownData {
  readonly trainSha256: string;
  readonly testSha256: string;
  readonly testImages: number;
}

/** Why a data set cannot be had. */
export interface MissingData {
  readonly because: string;
}

/** Times at which every job is looked at, so that one job serves rows of several T. */
const observed = [8, 16, 32, 64, 128, 256, 350];
const lastStepByDefault = 350;
const quickDepth = 20;
const quickSteps = 64;
/** Presets that are made for one T, at this one. */
const quickPresetSteps = 32;

/** @param data by name, every data set that the networks are for */
export function planReproduction(
  experiments: readonly Experiment[],
  { networks, refused }: FoundNetworks,
  data: ReadonlyMap<string, KnownData | MissingData>,
  request: PlanRequest,
): ReproductionPlan {
  const jobs = new Map<string, Job>();
  const rows: PlannedRow[] = [];
  let left = 0;
  for (const { id, rows: own } of experiments) {
    for (const row of uniqueRows(own)) {
      if (!isWanted(row, request.only)) continue;
      if (request.quick && isLeftOut(row)) {
        left++;
        continue;
      }
      const { planned, job } = planRow(row, id, networks, data, request);
      rows.push(planned);
      if (job !== null) jobs.set(job.key, job);
    }
  }
  const notes = refused.map(({ file, because }) => `${file} is not used: ${because}`);
  if (left > 0) notes.unshift(describeQuick(left));
  return { ...request, version, rows, jobs: [...jobs.values()], notes };
}

function isWanted({ id }: RowSpec, only: string | null): boolean {
  return only === null || only.split("|").some((text) => id.includes(text));
}

function isLeftOut({ network, part, recipe, T, slow }: RowSpec): boolean {
  const isDeep = network.depth > quickDepth;
  const isBound = isBoundToT(expandOptions(findRecipe(recipe), true));
  const isSearched = isBound && (T > quickSteps || (part.startsWith("Beyond") && T !== quickPresetSteps));
  return slow === true || isDeep || isSearched;
}

function describeQuick(left: number): string {
  return (
    `Quick: ${left} rows are left out (networks deeper than ${quickDepth}, rows that only explain, searches at T over ${quickSteps}, presets made for one T at any but ${quickPresetSteps}); ` +
    "λ comes from 2,000 training images in place of the whole training split, and the article's recipe is run without its search for a compensation."
  );
}

function planRow(
  row: RowSpec,
  experiment: string,
  networks: readonly FoundNetwork[],
  data: ReadonlyMap<string, KnownData | MissingData>,
  request: PlanRequest,
): { planned: PlannedRow; job: Job | null } {
  const recipe = findRecipe(row.recipe);
  const described = {
    ...row,
    experiment,
    method: describeRecipe(recipe, request.quick),
    flags: describeOptions(recipe, request.quick),
  };
  const network = chooseNetwork(networks, row.network);
  const known = data.get(row.network.data);
  if (network === undefined || known === undefined || "because" in known) {
    const because =
      network !== undefined && known !== undefined && "because" in known
        ? known.because
        : describeMissing(row.network);
    return { planned: { ...described, used: null, because, job: null }, job: null };
  }
  const job = makeJob(row, network, known, expandOptions(recipe, request.quick), request);
  return { planned: { ...described, used: describeUsed(network), because: null, job: job.key }, job };
}

function describeUsed({ model, origin }: FoundNetwork): UsedNetwork {
  return { file: model.name, sha256: model.sha256, arch: model.arch, origin };
}

function describeMissing(network: NetworkSpec): string {
  const { data, family, depth, shortcut } = network;
  const arch = `${family}${depth}`;
  const [flags, suffix] =
    shortcut === undefined || shortcut === "P" ? ["", ""] : [` --shortcut ${shortcut}`, `-${shortcut}`];
  const command = `respike train ${arch} --data ${data}${flags} -o networks/${data}-${arch}${suffix}.safetensors`;
  return `no trained ${nameNetwork(network)} for ${data} is at hand; train it with \`${command}\`, or name a folder that has one with --models`;
}

function makeJob(
  { recipe, T: wanted, most, network: { data } }: RowSpec,
  { model, macs, family, depth, shortcut }: FoundNetwork,
  known: KnownData,
  options: ExplicitOptions,
  request: PlanRequest,
): Job {
  const { seed } = request;
  const isBound = isBoundToT(options) || wanted === 1;
  const T = isBound ? wanted : (findRecipe(recipe).lastStep ?? lastStepByDefault);
  const at = [...new Set([...observed.filter((t) => t < T), T])];
  const asked = request.n === "all" ? known.testImages : request.n;
  const n = Math.min(asked, most ?? asked, known.testImages);
  const { preprocessing, sha256: modelSha256 } = model;
  const delay = delayAt(options, T);
  const late = delay === 0 ? {} : { delay, fitted: nameFit({ readout: "mean", delay, T }) };
  const decides = { version, modelSha256, preprocessing, options, T, ...late, data: known.trainSha256, seed };
  const conversion = hashText(stableJson(decides));
  const name = `${data}-${family}${depth}${shortcut ?? ""}-${nameOptions(options)}-T${T}`;
  const job = { conversion, name, modelSha256, data, options, T, at, seed, macs };
  return withImages({ ...job, testSha256: known.testSha256 }, n);
}

/** `paper-v0-0-shortcutNorm-off`: the preset, then whatever stands beside it, by name. */
function nameOptions({ preset = "default", ...rest }: ExplicitOptions): string {
  const own = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  const words = own.map(([key, value]) => `${key}-${String(value)}`);
  return [preset, ...words].join("-").replaceAll(/[^\w.-]+/g, "-");
}

/** A job on the first n test images. */
export function withImages(job: Omit<Job, "key" | "n">, n: number): Job {
  const { conversion, testSha256, at } = job;
  return { ...job, n, key: hashText(stableJson({ conversion, data: testSha256, n, at })) };
}
