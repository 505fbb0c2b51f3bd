/**
 * λ = the trained ceiling of a layer: `--lambda ceiling`.
 *
 * Knows: ceilings, statistics. May not know: how either came about.
 */
import { refuseUsage } from "../core/respike-error.js";
import type { Activation } from "./list-activations.js";
import type { ActivationStatistic } from "./statistics/activation-statistics.js";

/** @throws RespikeError (exit 2) where a ReLU that will spike has no trained ceiling */
export function requireCeilings(
  activations: readonly Activation[],
  ceilings: ReadonlyMap<string, number>,
): void {
  const without = activations.filter(({ kind, relu }) => kind === "relu" && !ceilings.has(relu));
  if (without.length === 0) return;
  throw refuseUsage({
    code: "usage",
    where: "--lambda ceiling",
    rule: "every ReLU has a ceiling that was trained (--activation clip or qcfs:L)",
    value: `none at ${without
      .slice(0, 5)
      .map(({ layer }) => layer)
      .join(", ")}`,
    next: "leave --lambda out",
  });
}

/**
 * The statistics with λ of every layer whose ReLU has a ceiling replaced by that, and the rate that goes with it: the mean
 * of min(a, λ) stays, but for the few values between the percentile and the ceiling.
 */
export function takeCeilings(
  statistics: ReadonlyMap<string, ActivationStatistic>,
  activations: readonly Activation[],
  ceilings: ReadonlyMap<string, number>,
): ReadonlyMap<string, ActivationStatistic> {
  const changed = new Map(statistics);
  for (const { node, relu } of activations) {
    const [statistic, ceiling] = [statistics.get(node), ceilings.get(relu)];
    if (statistic === undefined || ceiling === undefined) continue;
    const rate = Math.min(1, (statistic.rate * (statistic.lambda[0] ?? 0)) / ceiling);
    changed.set(node, { ...statistic, lambda: [ceiling], rate, raised: [] });
  }
  return changed;
}
