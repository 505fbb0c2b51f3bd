/**
 * Results → one HTML file that makes no request, and the plots as SVG files.
 *
 * Knows: the order of the sections. May not know: files, the terminal, how results came about.
 */

import { drawPlots } from "./draw-plots.js";
import { html } from "./html.js";
import { nameNetwork } from "./name-spikes.js";
import { accuracyAgainstSteps } from "./plots/accuracy-against-steps.js";
import { correlationPerLayer } from "./plots/correlation-per-layer.js";
import { energy } from "./plots/energy.js";
import { errorPerLayer } from "./plots/error-per-layer.js";
import { exitTimes } from "./plots/exit-times.js";
import { lossAgainstSteps } from "./plots/loss-against-steps.js";
import { operationsAgainstSteps } from "./plots/operations-against-steps.js";
import type { Plot } from "./plots/plot.js";
import { plotList } from "./plots/plot-list.js";
import { ratePerLayer } from "./plots/rate-per-layer.js";
import { spikesAgainstSteps } from "./plots/spikes-against-steps.js";
import { type PageSection, renderPage } from "./render-page.js";
import type { ReportInput } from "./report-input.js";
import { renderCertificateSection } from "./sections/certificate-section.js";
import { renderEnergySection } from "./sections/energy-section.js";
import { renderExitSection } from "./sections/exit-section.js";
import { renderLayersSection } from "./sections/layers-section.js";
import { renderPlotSection } from "./sections/plot-section.js";
import {
  renderConfigurationSection,
  renderPassesSection,
  renderProvenanceSection,
} from "./sections/provenance-sections.js";
import { renderVerdictSection } from "./sections/verdict-section.js";
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
  const { embedded, files: plots } = await drawPlots(plotList, input.results);
  return { html: renderReportPage(input, embedded), plots };
}

function renderReportPage(input: ReportInput, drawn: ReadonlyMap<string, string>): string {
  return renderPage({
    title: input.title ?? input.conversion?.model?.arch ?? "Spiking network",
    subtitle: html`As a ${nameNetwork(input.results)}, T = ${input.results.snn.T}, on ${describeImages(input.results)}`,
    sections: listSections(input, drawn),
    version: input.version,
  });
}

function listSections(input: ReportInput, drawn: ReadonlyMap<string, string>): PageSection[] {
  const { results, certificate } = input;
  const draw = (id: string, name: string, plots: readonly Plot[]): PageSection => ({
    id,
    name,
    body: renderPlotSection({ id, title: name, plots, results, drawn, isNarrow: plots.length === 3 }),
  });
  const passes = renderPassesSection(input);
  const exit = renderExitSection(input, drawn.get(exitTimes.id) ?? null);
  return [
    { id: "verdict", name: "Verdict", body: renderVerdictSection(input) },
    draw("accuracy", "Accuracy over time", [lossAgainstSteps, accuracyAgainstSteps]),
    ...(exit ? [{ id: "early-exit", name: "Early exit", body: exit }] : []),
    draw("rates", "Rates and activations", [ratePerLayer, correlationPerLayer, errorPerLayer]),
    draw("operations", "Spikes and operations", [spikesAgainstSteps, operationsAgainstSteps]),
    {
      id: "energy-section",
      name: "Energy",
      body: renderEnergySection(results, drawn.get(energy.id) ?? null),
    },
    { id: "layers", name: "Layers", body: renderLayersSection(input) },
    ...(passes ? [{ id: "passes", name: "Passes", body: passes }] : []),
    ...(certificate
      ? [
          {
            id: "certificate",
            name: "Certificate",
            body: renderCertificateSection(certificate, passes === null),
          },
        ]
      : []),
    { id: "configuration", name: "Configuration", body: renderConfigurationSection(input) },
    { id: "provenance", name: "Provenance", body: renderProvenanceSection(input) },
  ];
}
