/**
 * Energy in every convention, with the raw counts beside it.
 *
 * Knows: `cost` of the results. May not know: how the plot was rendered.
 */
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { describeAllEnergies } from "../energy-terms.js";
import { formatCount, formatSignificant } from "../format-number.js";
import { html, type Markup } from "../html.js";
import { explainSpikes, namedAlphabet } from "../name-spikes.js";
import { energy } from "../plots/energy.js";
import { lastStep } from "../verdict.js";
import { renderFacts } from "./data-table.js";
import { renderFigure } from "./plot-section.js";

function listCounts(results: EvaluationResult): (readonly [string, string])[] {
  const { cost } = results;
  const last = lastStep(results);
  return [
    [`synaptic operations, effective (T = ${formatCount(last?.t)})`, formatCount(last?.sopEffective)],
    ["synaptic operations, structural", formatCount(last?.sopStructural)],
    ["of the effective ones, at the outputs", formatCount(cost.readoutOps)],
    ["neuron updates", formatCount(cost.neuronUpdates)],
    ["first layer MACs, once an image", formatCount(cost.firstLayerMacs)],
    ["first layer MACs, each step", formatCount(cost.firstLayerMacsAllSteps)],
    ["network MACs", formatCount(cost.annMacs)],
    ["network MACs, padding counted", formatCount(cost.annMacsPadded)],
    ["network MACs, zeros skipped", formatCount(cost.annMacsEffective)],
  ];
}

function listUnits(results: EvaluationResult): (readonly [string, string])[] {
  return results.cost.energy.map(({ convention, unitsPJ }) => {
    const units = Object.entries(unitsPJ).map(([name, value]) => `${name} ${formatSignificant(value)} pJ`);
    return [convention, units.join(", ")];
  });
}

export function renderEnergySection(results: EvaluationResult, svg: string | null): Markup {
  const explained = namedAlphabet(results) === null ? [] : [explainSpikes(results)];
  const lines = [...describeAllEnergies(results.cost.energy), ...explained];
  const sentences = lines.map((line) => html`<li>${line}</li>`);
  return html`<section id="energy-section" aria-labelledby="energy-section-title"><h2 id="energy-section-title">Energy</h2>
<ul class="sentences">${sentences}</ul><div class="figures">${renderFigure(energy, results, svg)}
<div class="card"><h3>Raw counts per image</h3>${renderFacts(listCounts(results))}
<h3>Energy per operation</h3>${renderFacts(listUnits(results))}</div></div></section>`;
}
