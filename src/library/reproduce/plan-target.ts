/**
 * From a target and its options to a plan: experiments, networks, data, rows.
 *
 * Knows: where they come from. May not know: what is finished, how jobs are run.
 */
import { refuseUsage } from "../../core/respike-error.js";
import type { CallOptions } from "../surroundings.js";
import type { Experiment } from "./experiment.js";
import { experiments, targets } from "./experiments/experiment-list.js";
import { type FoundNetworks, findNetworks } from "./find-networks.js";
import { openKnownData } from "./known-data.js";
import {
  type KnownData,
  type MissingData,
  planReproduction,
  type ReproductionPlan,
} from "./plan-reproduction.js";

export interface PlanOptions extends CallOptions {
  /** Named subsets: 200 images, shallow networks. */
  readonly quick?: boolean | undefined;
  /** The first n test images of each row; all by default, 200 with `quick`. */
  readonly n?: number | "all" | undefined;
  /** Only rows whose names contain this, or one of several between `|`: `ResNet-20|cifar100`. */
  readonly only?: string | undefined;
  /** A folder of trained networks that go before those of the repository. */
  readonly models?: string | undefined;
  /** Preprocessing of networks of that folder that say nothing of it. */
  readonly preprocess?: string | undefined;
}

/** Images of each row of `quick`. */
const quickImages = 200;

/** @throws RespikeError (exit 2) for a target that is unknown */
export function chooseExperiments(target: string): readonly Experiment[] {
  const chosen = experiments.filter(({ id }) => target === "all" || id === target);
  if (chosen.length > 0) return chosen;
  throw refuseUsage({
    code: "no-target",
    where: "respike reproduce",
    rule: `the target is one of ${targets.join(", ")}`,
    value: `'${target}' is unknown`,
    next: `run respike reproduce ${targets[0]}`,
  });
}

function refuseEmpty(only: string | null) {
  return refuseUsage({
    code: "no-rows",
    where: "--only",
    rule: "some row's name contains the text, such as 'ResNet-20' or 'cifar10 plain-20, default'",
    value: only ?? "none",
    next: "give another text, or leave --quick out",
  });
}

/** As `evaluate` does: of no data set are there fewer. */
function checkImages(n: number | "all", data: Iterable<KnownData | MissingData>): void {
  const counts = [...data].flatMap((known) => ("because" in known ? [] : [known.testImages]));
  const least = Math.min(...counts);
  if (n === "all" || (Number.isInteger(n) && n >= 1 && n <= least)) return;
  throw refuseUsage({
    code: "wrong-option",
    where: "--n",
    rule: `1…${least} images, or all`,
    value: String(n),
    next: "choose another number",
  });
}

/** @throws RespikeError exit 2 where no row is left, or for more images than there are, 3 for a folder without networks */
export async function planTarget(
  target: string,
  chosen: readonly Experiment[],
  options: PlanOptions,
): Promise<{ plan: ReproductionPlan; networks: FoundNetworks["networks"] }> {
  const { models, preprocess, quick = false, seed = 0, only = null } = options;
  const { n = quick ? quickImages : "all" } = options;
  const found = await findNetworks(models, preprocess);
  const wanted = new Set<string>(chosen.flatMap(({ rows }) => rows.map(({ network }) => network.data)));
  const names = [...new Set(found.networks.map(({ data }) => data))].filter((name) => wanted.has(name));
  const data = await openKnownData(names, options);
  checkImages(n, data.values());
  const plan = planReproduction(chosen, found, data, { target, quick, n, seed, only });
  if (plan.rows.length === 0) throw refuseEmpty(only);
  return { plan, networks: found.networks };
}
