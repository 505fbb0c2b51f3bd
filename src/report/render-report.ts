/**
 * Results → one HTML file that makes no request, and the plots as SVG files.
 *
 * Knows: the order of the sections. May not know: files, the terminal, how results came about.
 */
import { hashText } from "../core/sha256.js";
import { html, Markup } from "./html.js";
import { pageStyle } from "./page-style.js";
import { accuracyAgainstSteps } from "./plots/accuracy-against-steps.js";
import { correlationPerLayer } from "./plots/correlation-per-layer.js";
import { energy } from "./plots/energy.js";
import { errorPerLayer } from "./plots/error-per-layer.js";
import { lossAgainstSteps } from "./plots/loss-against-steps.js";
import { operationsAgainstSteps } from "./plots/operations-against-steps.js";
import { plotList } from "./plots/plot-list.js";
import { ratePerLayer } from "./plots/rate-per-layer.js";
import { spikesAgainstSteps } from "./plots/spikes-against-steps.js";
import { renderSvg } from "./render-svg.js";
import type { ReportInput } from "./report-input.js";
import { renderEnergySection } from "./sections/energy-section.js";
import { renderLayersSection } from "./sections/layers-section.js";
import { renderPlotSection } from "./sections/plot-section.js";
import {
  renderConfigurationSection,
  renderPassesSection,
  renderProvenanceSection,
} from "./sections/provenance-sections.js";
import { renderVerdictSection } from "./sections/verdict-section.js";
import { sortScript } from "./sort-script.js";
import { describeImages } from "./verdict.js";

export interface Report {
  /** `report.html`, complete with scripts off and in print. */
  readonly html: string;
  /** File name (`loss-against-steps.svg`) → SVG text, for `plots/`; plots without data are left out. */
  readonly plots: ReadonlyMap<string, string>;
}

/**
 * Renders the report of one run. Same input, same bytes; no clock is read.
 *
 * @example
 * ```ts
 * const { html, plots } = await renderReport({ results, conversion, command: ["respike", "evaluate", "net.snn.safetensors"] });
 * ```
 */
export async function renderReport(input: ReportInput): Promise<Report> {
  const embedded = new Map<string, string>();
  const plots = new Map<string, string>();
  for (const plot of plotList) {
    const spec = plot.drawSpec(input.results);
    if (spec === null) continue;
    const svg = await renderSvg(spec, plot.title);
    embedded.set(plot.id, svg.embedded);
    plots.set(`${plot.id}.svg`, svg.standalone);
  }
  return { html: renderPage(input, embedded), plots };
}

function renderPage(input: ReportInput, drawn: ReadonlyMap<string, string>): string {
  const title = input.title ?? input.conversion?.model?.arch ?? "Spiking network";
  const sections = listSections(input, drawn);
  const links = sections.map(({ id, name }) => html`<li><a href="#${id}">${name}</a></li>`);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(contentPolicy())}">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${title}: respike report</title><style>${new Markup(pageStyle)}</style></head>
<body><header><h1>${title}</h1><p class="sub">As a spiking network, T = ${input.results.snn.T}, on ${describeImages(input.results)}</p>
<nav aria-label="Sections"><ul>${links}</ul></nav></header>
<main>${sections.map((section) => section.body)}</main>
<footer><p>Written by respike${input.version ? ` ${input.version}` : ""}. This file makes no request.</p></footer>
<script>${new Markup(sortScript)}</script></body></html>
`;
  return page.text;
}

interface Section {
  readonly id: string;
  readonly name: string;
  readonly body: Markup;
}

function listSections(input: ReportInput, drawn: ReadonlyMap<string, string>): Section[] {
  const { results } = input;
  const draw = (
    id: string,
    name: string,
    plots: Parameters<typeof renderPlotSection>[0]["plots"],
  ): Section => ({
    id,
    name,
    body: renderPlotSection({ id, title: name, plots, results, drawn, isNarrow: plots.length === 3 }),
  });
  const passes = renderPassesSection(input);
  return [
    { id: "verdict", name: "Verdict", body: renderVerdictSection(input) },
    draw("accuracy", "Accuracy over time", [lossAgainstSteps, accuracyAgainstSteps]),
    draw("rates", "Rates and activations", [ratePerLayer, correlationPerLayer, errorPerLayer]),
    draw("operations", "Spikes and operations", [spikesAgainstSteps, operationsAgainstSteps]),
    {
      id: "energy-section",
      name: "Energy",
      body: renderEnergySection(results, drawn.get(energy.id) ?? null),
    },
    { id: "layers", name: "Layers", body: renderLayersSection(input) },
    ...(passes ? [{ id: "passes", name: "Passes", body: passes }] : []),
    { id: "configuration", name: "Configuration", body: renderConfigurationSection(input) },
    { id: "provenance", name: "Provenance", body: renderProvenanceSection(input) },
  ];
}

/** Nothing may be loaded; the one script is allowed by its hash. */
function contentPolicy(): string {
  const bytes = hashText(sortScript).match(/../g) ?? [];
  const base64 = btoa(String.fromCharCode(...bytes.map((byte) => Number.parseInt(byte, 16))));
  return `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${base64}'; img-src data:; base-uri 'none'; form-action 'none'`;
}
