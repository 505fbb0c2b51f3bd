/**
 * The estimates of energy taken apart into their terms, and compared.
 *
 * Knows: the contract's formulas, `cost` of the results. May not know: plots, pages.
 *
 *   annUJ = annMacs·MAC;  annEffectiveUJ = annMacsEffective·MAC
 *   snnUJ = sopEffective·AC + firstLayerMacs·MAC
 *   snnFirstLayerEachStepUJ: firstLayerMacsAllSteps instead;  snnWithNeuronUpdatesUJ = snnUJ + neuronUpdates·AC
 */
import type { EnergyEstimate, EvaluationCost } from "../evaluation/evaluation-result.js";
import { cleanText } from "./clean-text.js";
import { finiteOrNull, formatRatio, formatSignificant } from "./format-number.js";

export const energyTerms = [
  "network MACs",
  "synaptic operations",
  "first layer MACs",
  "neuron updates",
] as const;
export type EnergyTerm = (typeof energyTerms)[number];

export interface EnergyBar {
  readonly label: string;
  readonly total: number;
  /** In µJ; they add up to `total`. */
  readonly parts: readonly { readonly term: EnergyTerm; readonly value: number }[];
}

/** Energy per MAC in µJ as the estimate itself implies it, whatever its units are called. */
function joulesPerMac(estimate: EnergyEstimate, cost: EvaluationCost): number {
  return cost.annMacs > 0 ? estimate.annUJ / cost.annMacs : 0;
}

/** The five ways to count, as stacked bars; those that are not known are left out. */
export function listEnergyBars(estimate: EnergyEstimate, cost: EvaluationCost): readonly EnergyBar[] {
  const perMac = joulesPerMac(estimate, cost);
  const first = cost.firstLayerMacs * perMac;
  const firstAll = cost.firstLayerMacsAllSteps * perMac;
  const synaptic = estimate.snnUJ - first;
  const updates = estimate.snnWithNeuronUpdatesUJ - estimate.snnUJ;
  const bars: { label: string; total: number | null; parts: [EnergyTerm, number][] }[] = [
    { label: "network", total: estimate.annUJ, parts: [["network MACs", estimate.annUJ]] },
    {
      label: "network, zeros skipped",
      total: estimate.annEffectiveUJ,
      parts: [["network MACs", estimate.annEffectiveUJ ?? 0]],
    },
    {
      label: "SNN",
      total: estimate.snnUJ,
      parts: [
        ["synaptic operations", synaptic],
        ["first layer MACs", first],
      ],
    },
    {
      label: "SNN, first layer each step",
      total: estimate.snnFirstLayerEachStepUJ,
      parts: [
        ["synaptic operations", synaptic],
        ["first layer MACs", firstAll],
      ],
    },
    {
      label: "SNN with neuron updates",
      total: estimate.snnWithNeuronUpdatesUJ,
      parts: [
        ["synaptic operations", synaptic],
        ["first layer MACs", first],
        ["neuron updates", updates],
      ],
    },
  ];
  return bars.flatMap(({ label, total, parts }) => {
    const known = finiteOrNull(total);
    if (known === null) return [];
    const kept = parts.map(([term, value]) => ({ term, value: Math.max(0, finiteOrNull(value) ?? 0) }));
    return [{ label, total: known, parts: kept }];
  });
}

/** Whether the SNN costs more than the network, by the convention's plain estimate. */
export function costsMore(estimate: EnergyEstimate): boolean {
  return estimate.snnUJ > estimate.annUJ;
}

/** "Under horowitz45 the SNN costs more than its ANN: 305 against 170 µJ (1.79×)." */
export function describeEnergy(estimate: EnergyEstimate): string {
  const { snnUJ, annUJ } = estimate;
  const relation = costsMore(estimate) ? "more than" : snnUJ < annUJ ? "less than" : "as much as";
  const numbers = `${formatSignificant(snnUJ)} against ${formatSignificant(annUJ)} µJ per image`;
  const ratio = annUJ > 0 ? ` (${formatRatio(snnUJ, annUJ)})` : "";
  return `Under ${cleanText(estimate.convention)} the SNN costs ${relation} its ANN: ${numbers}${ratio}.`;
}

/** What changes the verdict within one convention: zeros skipped, first layer each step, updates counted. */
export function describeStricterCounts(estimate: EnergyEstimate): string | null {
  if (costsMore(estimate)) return null;
  const { annUJ, annEffectiveUJ, snnUJ } = estimate;
  const turns: string[] = [];
  if (annEffectiveUJ !== null && snnUJ > annEffectiveUJ) turns.push("the network skips zero activations");
  if (estimate.snnFirstLayerEachStepUJ > annUJ) turns.push("the first layer is computed at each step");
  if (estimate.snnWithNeuronUpdatesUJ > annUJ) turns.push("neuron updates are counted");
  if (turns.length === 0) return null;
  return `Under ${cleanText(estimate.convention)} the SNN costs more than its ANN where ${turns.join(", or where ")}.`;
}

/** All conventions' sentences and whether they agree. */
export function describeAllEnergies(estimates: readonly EnergyEstimate[]): readonly string[] {
  if (estimates.length === 0) return ["No energy was estimated."];
  const verdicts = new Set(estimates.map(costsMore));
  const ending =
    verdicts.size > 1
      ? "The convention decides the verdict, so both stand side by side with the raw counts."
      : "The conventions agree here; they differ in size, so both stand side by side with the raw counts.";
  const stricter = estimates.flatMap((estimate) => describeStricterCounts(estimate) ?? []);
  return [...estimates.map(describeEnergy), ...stricter, ...(estimates.length > 1 ? [ending] : [])];
}
