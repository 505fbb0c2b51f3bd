/**
 * A diagnosis → one HTML file that makes no request, the plots as SVG files, and a text for the terminal.
 *
 * Knows: the order of the sections. May not know: files, how results came about.
 */
import type { Diagnosis } from "../../evaluation/diagnosis/diagnose-snn.js";
import { cleanLine } from "../clean-text.js";
import { describeCertificate } from "../describe-certificate.js";
import { drawPlots } from "../draw-plots.js";
import { formatCount } from "../format-number.js";
import { html, type Markup } from "../html.js";
import type { Plot } from "../plots/plot.js";
import { renderPage } from "../render-page.js";
import type { Report } from "../render-report.js";
import { layTable } from "../render-table.js";
import { renderCertificateSection } from "../sections/certificate-section.js";
import { renderPlotSection } from "../sections/plot-section.js";
import { renderCommand } from "../sections/provenance-sections.js";
import { effectPerLayer } from "./effect-per-layer.js";
import { partsPerLayer, tabulateParts } from "./parts-per-layer.js";
import { tellFindings } from "./tell-findings.js";

/** All plots of a diagnosis, in the order of the page; a new one is added here. */
export const diagnosisPlots: readonly Plot<Diagnosis>[] = [partsPerLayer, effectPerLayer];

export interface DiagnosisReportInput {
  readonly result: Diagnosis;
  readonly warnings: readonly { readonly where: string; readonly message: string }[];
  readonly command: readonly string[];
  readonly title: string;
  readonly version: string;
}

/** Same input, same bytes. */
export async function renderDiagnosis(input: DiagnosisReportInput): Promise<Report> {
  const { result, warnings } = input;
  const { embedded: drawn, files: plots } = await drawPlots(diagnosisPlots, result);
  const section = (id: string, name: string, body: Markup) => ({
    id,
    name,
    body: html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>${body}</section>`,
  });
  const findings = tellFindings(result.findings).map((told) => html`<li>${told}</li>`);
  const come = result.conclusion === null ? [] : [html`<p>Conclusion: ${result.conclusion.message}</p>`];
  const said = warnings.map(({ where, message }) => html`<p class="note">${where}: ${message}</p>`);
  const page = renderPage({
    title: input.title,
    subtitle: `Diagnosis of ${result.alphabet} spikes at ${describeSteps(result)}, ${formatCount(result.images.n)} images`,
    version: input.version,
    sections: [
      section("findings", "Findings, the most important first", html`${said}${come}<ol>${findings}</ol>`),
      {
        id: "errors",
        name: "Errors",
        body: renderPlotSection({
          id: "errors",
          title: "Errors of the layers",
          plots: diagnosisPlots,
          results: result,
          drawn,
        }),
      },
      { id: "certificate", name: "Certificate", body: renderCertificateSection(result.certificate) },
      section("configuration", "Configuration", renderCommand(input.command)),
    ],
  });
  return { html: page, plots };
}

function describeSteps({ T, delay }: Diagnosis): string {
  const all = `T = ${formatCount(T)}`;
  if (delay === 0) return all;
  return `${all} (${delay + 1 === T ? `step ${T} is` : `steps ${delay + 1} to ${T} are`} read and judged)`;
}

const shownFindings = 8;

/** What the command line prints: findings, the table of layers, the certificate. No trailing newline. */
export function renderDiagnosisText(result: Diagnosis): string {
  const { columns, rows } = tabulateParts(result);
  const shown = result.findings.filter(({ cause }, at) => at < shownFindings || cause === "wiring");
  const left = result.findings.length - shown.length;
  return [
    `${result.alphabet} spikes, ${describeSteps(result)}, ${formatCount(result.images.n)} training images; RMS error of the outputs ${result.outputError.toPrecision(3)}`,
    "",
    ...(result.conclusion === null ? [] : [`conclusion: ${cleanLine(result.conclusion.message)}`, ""]),
    ...tellFindings(shown).map((told, at) => `${shown[at]?.rank}. ${cleanLine(told)}`),
    ...(left > 0 ? [`… ${left} more layers in the table`] : []),
    "",
    layTable(columns, rows),
    "parts: mean squares over the activation's. Evenly, all own off: fall of the outputs' RMS error if this layer alone spiked evenly, made no error of its own",
    "",
    ...describeCertificate(result.certificate),
  ].join("\n");
}
