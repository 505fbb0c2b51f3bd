/**
 * Sections of figures: each a picture, a sentence and a table of the same numbers.
 *
 * Knows: plots and their SVG text. May not know: how they were rendered.
 */
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";
import { html, Markup } from "../html.js";
import type { Plot } from "../plots/plot.js";
import { renderTableMarkup } from "./data-table.js";

export function renderFigure<Results>(plot: Plot<Results>, results: Results, svg: string | null): Markup {
  const { columns, rows } = plot.tabulate(results);
  const picture =
    svg === null
      ? html`<p class="empty">Nothing to draw.</p>`
      : html`<div class="plot">${new Markup(svg)}</div>`;
  const table = renderTableMarkup({ label: `Table: ${plot.title}`, columns, rows });
  return html`<figure id="${plot.id}" aria-labelledby="${plot.id}-title"><figcaption><h3 id="${plot.id}-title">${plot.title}</h3>
<p>${plot.describe(results)}</p></figcaption>${picture}<p class="key">${typeof plot.key === "string" ? plot.key : plot.key(results)}</p>
<details><summary>Show as table</summary>${table}</details></figure>`;
}

export function renderPlotSection<Results = EvaluationResult>(options: {
  readonly id: string;
  readonly title: string;
  readonly plots: readonly Plot<Results>[];
  readonly results: Results;
  /** Three instead of two abreast where there is room. */
  readonly isNarrow?: boolean;
  readonly drawn: ReadonlyMap<string, string>;
}): Markup {
  const { id, title, plots, results, drawn, isNarrow } = options;
  const figures = plots.map((plot) => renderFigure(plot, results, drawn.get(plot.id) ?? null));
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><div class="${isNarrow ? "figures narrow" : "figures"}">${figures}</div></section>`;
}
