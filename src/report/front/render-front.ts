/**
 * The candidates of `auto` → one HTML file that makes no request, and a text for the terminal.
 *
 * Knows: the order of the sections. May not know: files, how results came about.
 */
import type { AutoResult, AutoVerdict } from "../../evaluation/auto-result.js";
import { cleanText } from "../clean-text.js";
import { drawPlots } from "../draw-plots.js";
import { finiteOrNull, formatCount, formatFixed, formatInterval, formatShort } from "../format-number.js";
import { html, type Markup } from "../html.js";
import { renderPage } from "../render-page.js";
import type { Report } from "../render-report.js";
import { layTable } from "../render-table.js";
import { type Cell, flattenFacts, renderFacts, renderTableMarkup } from "../sections/data-table.js";
import { renderPlotSection } from "../sections/plot-section.js";
import { renderCommand } from "../sections/provenance-sections.js";
import { frontPlot, nameCandidate } from "./front-plot.js";

export interface FrontInput {
  readonly result: AutoResult;
  readonly command: readonly string[];
  readonly title: string;
  readonly version: string;
}

/** Same input, same bytes. */
export async function renderFront({ result, command, title, version }: FrontInput): Promise<Report> {
  const plots = [frontPlot];
  const { embedded: drawn, files } = await drawPlots(plots, result);
  const table = renderCandidates(result);
  const { candidates: _, chosen: __, ...facts } = result;
  const page = renderPage({
    title,
    subtitle: describeJudging(result),
    version,
    sections: [
      {
        id: "front-section",
        name: "Front",
        body: renderPlotSection({ id: "front-section", title: "Front", plots, results: result, drawn }),
      },
      {
        id: "candidates",
        name: "Candidates",
        body: html`<section id="candidates" aria-labelledby="candidates-title"><h2 id="candidates-title">Candidates</h2><p>${describeChoice(result)}</p>${result.note === null ? null : html`<p>${cleanText(result.note)}</p>`}${table}</section>`,
      },
      {
        id: "configuration",
        name: "Configuration",
        body: html`<section id="configuration" aria-labelledby="configuration-title"><h2 id="configuration-title">Configuration</h2>${renderCommand(command)}${renderFacts(flattenFacts(facts))}</section>`,
      },
    ],
  });
  return { html: page, plots: files };
}

/** The best first. */
const verdicts: readonly AutoVerdict[] = ["meets", "dearer", "unproven", "rejected", "not needed"];

/** By name as they were tried, by verdict the best first, else by the figure that a cell rounds. */
function renderCandidates(result: AutoResult): Markup {
  const { columns, rows } = frontPlot.tabulate(result);
  const cells = result.candidates.map((candidate, at): readonly Cell[] => {
    const { T, loss, lossCi95, accuracy, n, sop, verdict } = candidate;
    const { macs } = result.network;
    const values = [at, T, loss, lossCi95[0], accuracy, n, sop, sop / macs, verdicts.indexOf(verdict)];
    return values.map((value, column) => ({
      content: rows[at]?.[column] ?? "",
      sortBy: finiteOrNull(value),
    }));
  });
  return renderTableMarkup({ label: "Candidates", columns, rows: cells, isSortable: true });
}

function describeJudging({ judgedOn, network }: AutoResult): string {
  const { data, n, of } = judgedOn;
  return `Judged on ${formatCount(n)} of ${formatCount(of)} held-back training images of ${cleanText(data)}; the network is right on ${formatFixed(network.accuracy)} %`;
}

function describeChoice({ chosen, bound, minimise }: AutoResult): string {
  if (chosen === null) return `Nothing loses at most ${bound} points at the upper end of its interval.`;
  const least = minimise === "steps" ? "the fewest steps, then operations" : "the fewest operations";
  return `${nameCandidate(chosen)} at T = ${formatCount(chosen.T)}: loss ${formatFixed(chosen.loss)} points (${formatInterval(chosen.lossCi95)}), ${formatShort(chosen.sop)} operations per image; ${least} within ${bound} points.`;
}

/** What the command line prints of the search; no trailing newline. */
export function renderFrontText(result: AutoResult): string {
  const { columns, rows } = frontPlot.tabulate(result);
  return [
    `auto: ${describeChoice(result)}`,
    describeJudging(result),
    ...(result.note === null ? [] : [result.note]),
    "",
    layTable(columns, rows),
  ].join("\n");
}
