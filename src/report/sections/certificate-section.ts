/**
 * The certificate of a conversion as a section.
 *
 * Knows: its fields. May not know: how it was measured.
 */
import type { Certificate } from "../../evaluation/diagnosis/certificate.js";
import { describeCertificate } from "../describe-certificate.js";
import { formatFixed, formatSignificant } from "../format-number.js";
import { html, type Markup } from "../html.js";
import { renderTableMarkup } from "./data-table.js";
import { renderPassesTable } from "./passes-table.js";

/** @param showsPasses false where the page has a section of the conversion's passes, with the same figures */
export function renderCertificateSection(certificate: Certificate, showsPasses = true): Markup {
  const { passes } = certificate;
  const table =
    passes === null || !showsPasses
      ? null
      : html`<details><summary>Passes of the conversion</summary>${renderPassesTable(passes)}</details>`;
  const facts = describeCertificate(certificate).map((fact) => html`<li>${fact}</li>`);
  const steps = renderTableMarkup({
    label: "Outputs against the network's by steps",
    columns: ["T", "ε", "disagreement, %", "images moved, %"],
    rows: certificate.steps.map(({ t, epsilon, disagreement, disagreementMoved }) => [
      String(t),
      formatSignificant(epsilon),
      formatFixed(disagreement, 1),
      formatFixed(disagreementMoved, 1),
    ]),
  });
  return html`<section id="certificate" aria-labelledby="certificate-title"><h2 id="certificate-title">Certificate</h2>
<ul>${facts}</ul>
<p class="note">ε: RMS difference of the outputs over the standard deviation of the network's, ± its standard error over the images. Disagreement: images put into another class.</p>
<details><summary>By steps</summary>${steps}</details>${table}</section>`;
}
