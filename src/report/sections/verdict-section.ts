/**
 * The head of the report: verdict, warnings and tiles.
 *
 * Knows: results and their sentences. May not know: plots, files.
 */
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import {
  finiteOrNull,
  formatCount,
  formatFixed,
  formatInterval,
  formatRatio,
  formatShort,
  formatSignificant,
} from "../format-number.js";
import { html, type Markup } from "../html.js";
import { nameSpikes } from "../name-spikes.js";
import type { ReportInput } from "../report-input.js";
import { describeImages, describeVerdict, explainVerdict, lastStep } from "../verdict.js";

interface Tile {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

function listTiles({ results }: ReportInput): Tile[] {
  return [...accuracyTiles(results), ...spikeTiles(results), ...sizeTiles(results)];
}

function accuracyTiles(results: EvaluationResult): Tile[] {
  const last = lastStep(results);
  const { ann } = results;
  const t = last ? `at T = ${formatCount(last.t)}` : "no step";
  return [
    {
      name: "Loss",
      value: last && finiteOrNull(last.loss) !== null ? `${formatFixed(last.loss)} points` : "not known",
      note: last?.lossCi95 ? `${t}, 95 %: ${formatInterval(last.lossCi95)}` : "network not evaluated",
    },
    { name: "Spiking network", value: `${formatFixed(last?.accuracy)} %`, note: t },
    {
      name: "Network",
      value: ann ? `${formatFixed(ann.accuracy)} %` : "not evaluated",
      note: ann ? `${formatCount(ann.correct)} of ${formatCount(ann.n)} right` : "run with --no-ann",
    },
    {
      name: "Images",
      value: formatCount(results.data.n),
      note: describeImages(results).replace(/^\S+ /, ""),
    },
  ];
}

function spikeTiles(results: EvaluationResult): Tile[] {
  const last = lastStep(results);
  const { cost } = results;
  const spikesEach = last && cost.neurons > 0 ? last.spikes / cost.neurons : null;
  const spikes = nameSpikes(results);
  const rate = spikesEach === null || !last ? null : spikesEach / (results.earlyExit?.meanT ?? last.t);
  return [
    {
      name: `${spikes.charAt(0).toUpperCase()}${spikes.slice(1)} per image`,
      value: formatShort(last?.spikes),
      note: `${formatSignificant(spikesEach)} per neuron`,
    },
    { name: "Mean rate", value: formatSignificant(rate), note: `${spikes} per neuron and step` },
  ];
}

function sizeTiles(results: EvaluationResult): Tile[] {
  const last = lastStep(results);
  const { cost } = results;
  return [
    {
      name: "Operations per image",
      value: formatShort(last?.sopEffective),
      note: `${formatRatio(last?.sopEffective, cost.annMacs)} the network's ${formatShort(cost.annMacs)} MACs`,
    },
    {
      name: "Neurons",
      value: formatCount(cost.neurons),
      note: `in ${formatCount(results.layers.length)} ${results.layers.length === 1 ? "layer" : "layers"}`,
    },
  ];
}

export function renderVerdictSection(input: ReportInput): Markup {
  const tiles = listTiles(input).map(
    ({ name, value, note }) =>
      html`<div class="tile"><dt>${name}</dt><dd><strong>${value}</strong><span>${note}</span></dd></div>`,
  );
  const warnings = (input.warnings ?? []).map(
    ({ code, where, message }) => html`<li><strong>${code}</strong> ${where}: ${message}</li>`,
  );
  const list = warnings.length > 0 ? html`<h3>Warnings</h3><ul class="warnings">${warnings}</ul>` : null;
  const partial = input.results.complete
    ? null
    : html`<p class="note"><strong>Not complete:</strong> the run was stopped or is one shard; the numbers are of the images done so far.</p>`;
  return html`<section id="verdict" aria-labelledby="verdict-title"><h2 id="verdict-title">Verdict</h2>
<p class="verdict">${describeVerdict(input.results)}</p><p class="note">${explainVerdict(input.results)}</p>${partial}
<dl class="tiles">${tiles}</dl>${list}</section>`;
}
