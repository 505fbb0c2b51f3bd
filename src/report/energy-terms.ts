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

type Terms = readonly (readonly [term: EnergyTerm, value: number])[];

/** The five ways to count, as stacked bars; those that are not known are left out. */
export function listEnergyBars(estimate: EnergyEstimate, cost: EvaluationCost): readonly EnergyBar[] {
  const perMac = joulesPerMac(estimate, cost);
  const once = cost.firstLayerMacs * perMac;
  const synaptic = ["synaptic operations", estimate.snnUJ - once] as const;
  const first = ["first layer MACs", once] as const;
  const firstEachStep = ["first layer MACs", cost.firstLayerMacsAllSteps * perMac] as const;
  const updates = ["neuron updates", estimate.snnWithNeuronUpdatesUJ - estimate.snnUJ] as const;
  return [
    ...barOf("network", estimate.annUJ, [["network MACs", estimate.annUJ]]),
    ...barOf("network, zeros skipped", estimate.annEffectiveUJ, [
      ["network MACs", estimate.annEffectiveUJ ?? 0],
    ]),
    ...barOf("SNN", estimate.snnUJ, [synaptic, first]),
    ...barOf("SNN, first layer each step", estimate.snnFirstLayerEachStepUJ, [synaptic, firstEachStep]),
    ...barOf("SNN with neuron updates", estimate.snnWithNeuronUpdatesUJ, [synaptic, first, updates]),
  ];
}

/** None where the total is not known. */
function barOf(label: string, total: number | null, terms: Terms): readonly EnergyBar[] {
  const known = finiteOrNull(total);
  if (known === null) return [];
  const parts = terms.map(([term, value]) => ({ term, value: Math.max(0, finiteOrNull(value) ?? 0) }));
  return [{ label, total: known, parts }];
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
  const costs = `Under ${cleanText(estimate.convention)} the SNN costs more than its ANN where`;
  if (turns.length > 0) return `${costs} ${turns.join(", or where ")}.`;
  return annEffectiveUJ === null ? null : describeBothStrict(costs, estimate, annEffectiveUJ);
}

/** What turns the verdict only where the network skips zeros besides. */
function describeBothStrict(
  costs: string,
  { snnFirstLayerEachStepUJ, snnWithNeuronUpdatesUJ }: EnergyEstimate,
  network: number,
): string | null {
  const counts = [
    ["the SNN's first layer is computed at each step", snnFirstLayerEachStepUJ],
    ["neuron updates are counted", snnWithNeuronUpdatesUJ],
  ] as const;
  const turns = counts
    .filter(([, snn]) => snn > network)
    .map(([where, snn]) => `${where} (${formatSignificant(snn)} against ${formatSignificant(network)} µJ)`);
  if (turns.length === 0) return null;
  return `${costs} the network skips zero activations and ${turns.join(", or ")}.`;
}

/** All conventions' sentences and whether they agree. */
export function describeAllEnergies(estimates: readonly EnergyEstimate[]): readonly string[] {
  if (estimates.length === 0) return ["No energy was estimated."];
  const verdicts = new Set(estimates.map(costsMore));
  const stricter = estimates.flatMap((estimate) => describeStricterCounts(estimate) ?? []);
  const ending =
    verdicts.size > 1
      ? "The convention decides the verdict, so both stand side by side with the raw counts."
      : `The conventions agree${stricter.length > 0 ? " by their plain counts" : " here"}; they differ in size, so both stand side by side with the raw counts.`;
  return [...estimates.map(describeEnergy), ...stricter, ...(estimates.length > 1 ? [ending] : [])];
}
