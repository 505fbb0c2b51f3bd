/**
 * A reproduction → one HTML file that makes no request, its plots as SVG files, and a text for the terminal.
 *
 * Knows: the order of the sections. May not know: files, how results came about.
 */
import { drawPlots } from "../draw-plots.js";
import { absent, formatCount, formatFixed } from "../format-number.js";
import { html, type Markup } from "../html.js";
import { renderPage } from "../render-page.js";
import type { Report } from "../render-report.js";
import { layTable } from "../render-table.js";
import { flattenFacts, renderFacts, renderTableMarkup } from "../sections/data-table.js";
import { renderFigure } from "../sections/plot-section.js";
import { renderCommand } from "../sections/provenance-sections.js";
import { plotsOf } from "./plots/experiment-plots.js";
import type {
  ExperimentResult,
  JudgedClaim,
  ReproducedRow,
  ReproductionResult,
} from "./reproduction-result.js";
import { groupRows, tabulateRows } from "./row-table.js";

export interface ReproductionReportInput {
  readonly result: ReproductionResult;
  readonly command: readonly string[];
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly version: string;
}

/** Same input, same bytes. */
export async function renderReproduction(input: ReproductionReportInput): Promise<Report> {
  const { result } = input;
  const plots = new Map<string, string>();
  const sections = [{ id: "verdicts", name: "Verdicts", body: renderVerdicts(result) }];
  for (const experiment of result.experiments) {
    const own = plotsOf(experiment);
    const { embedded, files } = await drawPlots(own, experiment);
    for (const [name, svg] of files) plots.set(name, svg);
    const figures = own.map((plot) => renderFigure(plot, experiment, embedded.get(plot.id) ?? null));
    sections.push({
      id: experiment.id,
      name: experiment.title.replace(/:.*/, ""),
      body: renderExperiment(experiment, figures),
    });
  }
  sections.push({ id: "configuration", name: "Configuration", body: renderConfiguration(input) });
  const page = renderPage({
    title: `Reproduction: ${result.target}`,
    subtitle: describeReproduction(result),
    sections,
    version: input.version,
  });
  return { html: page, plots };
}

/** `9 of the article's claims confirmed, 3 differ, 4 without a verdict; …`: not run yet, or could not be run. */
export function describeReproduction(result: ReproductionResult): string {
  const { verdicts, quick, complete } = result;
  const { confirmed, differs } = verdicts;
  const images = describeCounts(result);
  return (
    `${confirmed} of the article's claims confirmed, ${differs} differ, ${verdicts["not run"]} without a verdict; ` +
    `${images}${quick ? ", quick" : ""}${complete ? "" : "; not complete"}`
  );
}

/** Of the rows, which may have fewer images than were asked for. */
function describeCounts({ experiments, n }: ReproductionResult): string {
  const rows = experiments.flatMap((experiment) => experiment.rows);
  const counts = [...new Set(rows.flatMap(({ measured }) => (measured === null ? [] : [measured.n])))];
  if (counts.length === 0) return n === "all" ? "all test images" : `the first ${formatCount(n)} test images`;
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const range = least === most ? formatCount(most) : `${formatCount(least)} to ${formatCount(most)}`;
  return `the first ${range} test images`;
}

function renderVerdicts({ experiments, notes }: ReproductionResult): Markup {
  const lists = experiments.map(
    ({ title, claims }) => html`<h3>${title}</h3><ul class="sentences">${claims.map(renderClaim)}</ul>`,
  );
  const list = notes.map((note) => html`<li>${note}</li>`);
  return html`<section id="verdicts" aria-labelledby="verdicts-title"><h2 id="verdicts-title">Verdicts</h2>
<p class="note">A published number is confirmed where it lies in the measured 95 % interval. A claim without a number is confirmed where the whole interval lies above 0.</p>
${lists}${notes.length > 0 ? html`<h3>Notes</h3><ul class="sentences">${list}</ul>` : null}</section>`;
}

function renderClaim({ says, sentence, verdict, explanations }: JudgedClaim): Markup {
  const tried = explanations.filter(({ outcome }) => verdict === "differs" || outcome !== "not run");
  const items = tried.map(
    ({ difference, outcome, sentence: found }) =>
      html`<li>${difference}: <strong>${outcome}</strong>. ${found}</li>`,
  );
  return html`<li>${says}. <strong>${sentence}</strong>${tried.length > 0 ? html`<ul>${items}</ul>` : null}</li>`;
}

function renderExperiment(experiment: ExperimentResult, figures: readonly Markup[]): Markup {
  const { id, title, says, rows } = experiment;
  const tables = [...groupRows(rows)].map(([part, own]) => {
    const table = tabulateRows(own);
    return html`<h3>${part}</h3>${renderTableMarkup({ label: `${title}, ${part}`, columns: table.columns, rows: table.rows })}`;
  });
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><p>${says}</p>
<div class="figures">${figures}</div>${tables}${renderQuoted(experiment)}</section>`;
}

function renderQuoted({ title, quoted }: ExperimentResult): Markup | null {
  if (quoted.length === 0) return null;
  const columns = ["method", "network", "data", "network, %", "SNN, %", "source"];
  const rows = quoted.map(({ method, network, data, published, source }) => [
    ...[method, network, data, formatFixed(published.network), formatFixed(published.snn), source],
  ]);
  return html`<h3>Quoted from others, not run here</h3>${renderTableMarkup({ label: `${title}, quoted`, columns, rows })}`;
}

function renderConfiguration({ command, configuration }: ReproductionReportInput): Markup {
  return html`<section id="configuration" aria-labelledby="configuration-title"><h2 id="configuration-title">Configuration</h2>${renderCommand(command)}${renderFacts(flattenFacts(configuration))}</section>`;
}

function listWords({ name, data, recipe, T, isNetworkAlone, measured, published }: ReproducedRow): string[] {
  const spiking = isNetworkAlone
    ? [absent, absent, absent]
    : [formatFixed(measured?.snn), formatFixed(measured?.loss), formatFixed(published?.loss)];
  const n = measured === null ? absent : formatCount(measured.n);
  const head = [`${name}, ${data}`, isNetworkAlone ? "the network itself" : recipe];
  return [...head, isNetworkAlone ? absent : String(T), n, formatFixed(measured?.network), ...spiking];
}

/** What the command line prints. No trailing newline. */
export function renderReproductionText(result: ReproductionResult): string {
  const parts = result.experiments.flatMap(({ title, rows, claims }) => [
    title,
    "",
    layTable(
      ["network", "conversion", "T", "n", "network %", "SNN %", "loss", "published"],
      rows.filter(({ measured }) => measured !== null).map((row) => listWords(row)),
    ),
    "",
    ...claims.map(({ says, sentence }) => `${says}. ${sentence}`),
    "",
  ]);
  return [...parts, ...result.notes, describeReproduction(result)].join("\n");
}
