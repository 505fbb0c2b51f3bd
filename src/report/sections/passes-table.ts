/**
 * What each pass of a conversion changed, as a table.
 *
 * Knows: passes by their fields. May not know: where they were kept.
 */
import { formatCount, formatSignificant } from "../format-number.js";
import { html, type Markup } from "../html.js";
import type { ReportedPass } from "../report-input.js";
import { renderTableMarkup } from "./data-table.js";

/** With what the figures are; a certificate knows no tolerances, and has no column of them. */
export function renderPassesTable(passes: readonly ReportedPass[]): Markup {
  const hasTolerance = passes.some(({ tolerance }) => tolerance !== undefined);
  const rows = passes.map((pass) => [
    pass.name,
    pass.preserves === undefined ? "–" : printPreserves(pass.preserves),
    formatSignificant(pass.maxAbsDiff),
    formatSignificant(pass.maxRelDiff),
    ...(hasTolerance ? [formatSignificant(pass.tolerance)] : []),
    formatCount(pass.images),
  ]);
  const tolerance = hasTolerance ? ["tolerance"] : [];
  const columns = ["pass", "preserves", "largest difference", "relative", ...tolerance, "images"];
  const table = renderTableMarkup({ label: "Passes of the conversion", columns, rows });
  return html`<p class="note">Largest difference of the network's outputs before and after each pass, on calibration and random images.</p>${table}`;
}

function printPreserves(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "–");
}
