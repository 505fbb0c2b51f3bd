/**
 * A training run → one HTML file that makes no request, and its plots as SVG files; rewritten after each epoch.
 *
 * Knows: the order of the sections. May not know: files, how the run is going.
 */

import { drawPlots } from "../draw-plots.js";
import { html } from "../html.js";
import { renderPage } from "../render-page.js";
import type { Report } from "../render-report.js";
import { flattenFacts, renderFacts } from "../sections/data-table.js";
import { renderPlotSection } from "../sections/plot-section.js";
import { renderCommand } from "../sections/provenance-sections.js";
import { type TrainingHistory, trainingPlots } from "./training-curves.js";

export interface TrainingReportInput {
  readonly title: string;
  /** Where the run stands, in a sentence. */
  readonly status: string;
  readonly history: TrainingHistory;
  readonly command: readonly string[];
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly version: string;
}

/** Same input, same bytes. */
export async function renderTraining(input: TrainingReportInput): Promise<Report> {
  const { history } = input;
  const { embedded: drawn, files: plots } = await drawPlots(trainingPlots, history);
  const curves = renderPlotSection({
    id: "curves",
    title: "Curves",
    plots: trainingPlots,
    results: history,
    drawn,
  });
  const configuration = html`<section id="configuration" aria-labelledby="configuration-title"><h2 id="configuration-title">Configuration</h2>${renderCommand(input.command)}${renderFacts(flattenFacts(input.configuration))}</section>`;
  const page = renderPage({
    title: input.title,
    subtitle: input.status,
    version: input.version,
    sections: [
      { id: "curves", name: "Curves", body: curves },
      { id: "configuration", name: "Configuration", body: configuration },
    ],
  });
  return { html: page, plots };
}
