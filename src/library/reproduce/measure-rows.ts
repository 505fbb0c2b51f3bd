/**
 * Planned rows → rows with what finished jobs say of them.
 *
 * Knows: finished jobs by their fields. May not know: claims.
 */
import { energyConventions, estimateEnergy } from "../../evaluation/energy-conventions.js";
import { wilsonInterval } from "../../evaluation/wilson-interval.js";
import type {
  Interval,
  ReproducedRow,
  RowMeasurement,
} from "../../report/reproduction/reproduction-result.js";
import { nameNetwork, networkRecipe } from "./experiment.js";
import type { FinishedJob, FinishedStep, RightDecisions } from "./finished-job.js";
import { type JobStore, nameJobFolder } from "./job-store.js";
import type { Job, PlannedRow, ReproductionPlan } from "./plan-reproduction.js";

/** A row, and which images were decided rightly. */
export interface MeasuredRow {
  readonly experiment: string;
  readonly row: ReproducedRow;
  /** Of the first images; fewer than the row's n where only a smaller run kept them. */
  readonly right: RightDecisions | null;
}

/** Why a row that can be run has no measurement. */
export const notYet = "it was not run yet";

interface FoundJob extends FinishedJob {
  readonly job: Job;
}

/**
 * All rows of a plan, in its order.
 *
 * @param isAnyCount a row takes the finished run with the most images, however many the plan asks for; its decisions, where
 * that run has none, are those of a smaller one
 */
export async function measureRows(
  plan: ReproductionPlan,
  store: JobStore,
  isAnyCount: boolean,
): Promise<MeasuredRow[]> {
  const finished = new Map<string, FoundJob>();
  const failures = new Map<string, string | null>();
  for (const planned of plan.jobs) {
    const job = isAnyCount ? await store.findLargest(planned) : planned;
    const found = job === null ? null : await store.readFinished(job);
    if (job === null || found === null) failures.set(planned.key, await store.readFailure(planned));
    else {
      const right = found.right ?? (isAnyCount ? await store.readDecisions(planned) : null);
      finished.set(planned.key, { ...found, right, job });
    }
  }
  return plan.rows.map((planned) => {
    const key = planned.job ?? "";
    const found = planned.recipe === networkRecipe ? findNetwork(key, plan, finished) : finished.get(key);
    return measureRow(planned, found, failures.get(key) ?? notYet);
  });
}

/** A network's accuracy stands in every job of its weights: the one with most images, and most decisions. */
function findNetwork(
  key: string,
  { jobs }: ReproductionPlan,
  finished: ReadonlyMap<string, FoundJob>,
): FoundJob | undefined {
  const own = jobs.find((job) => job.key === key);
  const same = [...finished.values()].filter(
    ({ job }) => job.modelSha256 === own?.modelSha256 && job.data === own.data,
  );
  const first = finished.get(key) ?? same[0];
  if (first === undefined) return undefined;
  const decided = ({ right }: FoundJob) => right?.network.length ?? 0;
  const most = same.reduce((best, each) => (each.ann.n > best.ann.n ? each : best), first);
  return {
    ...most,
    right: same.reduce((best, each) => (decided(each) > decided(best) ? each : best), first).right,
  };
}

function measureRow(planned: PlannedRow, finished: FoundJob | undefined, missing: string): MeasuredRow {
  const { id, part, network, T, recipe, method, flags, used, published = null, experiment } = planned;
  const { data, family, depth } = network;
  const isNetworkAlone = recipe === networkRecipe;
  const step = isNetworkAlone ? finished?.at[0] : finished?.at.find(({ t }) => t === T);
  const measured = finished === undefined || step === undefined ? null : measureStep(finished, step);
  const because = planned.because ?? (measured === null ? missing : null);
  const row: ReproducedRow = {
    ...{ id, part, data, name: nameNetwork(network), family, depth, recipe, method, flags, network: used },
    // Of a network alone the steps of the run that said it.
    T: isNetworkAlone ? (step?.t ?? T) : T,
    ...{
      isNetworkAlone,
      published,
      measured,
      because,
      run: finished === undefined ? null : nameJobFolder(finished.job),
    },
  };
  return { experiment, row, right: finished?.right ?? null };
}

function measureStep({ ann, cost, alphabet, compensation }: FinishedJob, step: FinishedStep): RowMeasurement {
  const { annMacs, annMacsEffective, firstLayerMacs, neurons } = cost;
  const counted = {
    ...{ annMacs, annMacsEffective, firstLayerMacs, sopEffective: step.sopEffective },
    ...{ firstLayerMacsAllSteps: firstLayerMacs * step.t, neuronUpdates: neurons * step.t },
  };
  return {
    ...{ n: step.n, alphabet },
    network: ann.accuracy,
    networkCi95: inPercent(wilsonInterval(ann.correct, ann.n)),
    snn: step.accuracy,
    snnCi95: inPercent(wilsonInterval(step.correct, step.n)),
    loss: step.loss,
    lossCi95: step.lossCi95,
    spikes: step.spikes,
    sopEffective: step.sopEffective,
    sopStructural: step.sopStructural,
    annMacs,
    energy: energyConventions.map((convention) => estimateEnergy(convention, counted)),
    compensation,
  };
}

const inPercent = ([low, high]: Interval): Interval => [100 * low, 100 * high];
