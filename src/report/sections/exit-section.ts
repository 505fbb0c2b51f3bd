/**
 * The section of early exit: when images stopped, what it saved, what it changed.
 *
 * Knows: `earlyExit` of the results. May not know: how it was fitted.
 */
import { describeSavings, explainPromise } from "../describe-exit.js";
import { html, type Markup } from "../html.js";
import { exitTimes } from "../plots/exit-times.js";
import type { ReportInput } from "../report-input.js";
import { renderFigure } from "./plot-section.js";

/** Null without early exit. */
export function renderExitSection({ results }: ReportInput, svg: string | null): Markup | null {
  const { earlyExit } = results;
  if (earlyExit === undefined) return null;
  const savings = describeSavings(earlyExit);
  const figure = renderFigure(exitTimes, results, svg);
  return html`<section id="early-exit" aria-labelledby="early-exit-title"><h2 id="early-exit-title">Early exit</h2>
${savings === null ? null : html`<p>${savings}</p>`}<p class="note">${explainPromise(earlyExit)} Everywhere in this report an image that stopped counts with what it said and spent until then; rates, correlations and errors of layers are those of the images that were run to T.</p>
<div class="figures">${figure}</div></section>`;
}
