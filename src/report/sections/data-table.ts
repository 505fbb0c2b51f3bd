/**
 * Tables and lists of facts as markup.
 *
 * Knows: cells. May not know: what stands in them.
 */
import { absent } from "../format-number.js";
import { type Fragment, html, type Markup } from "../html.js";

export interface Cell {
  readonly content: Fragment;
  /** What a sort compares. */
  readonly sortBy?: number | string | null;
  /** 0…1: length of a bar behind the text. */
  readonly bar?: number | null;
}

/** A table in a box that scrolls sideways by itself on narrow screens; the first cell heads its row. */
export function renderTableMarkup(options: {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (Cell | string)[])[];
  readonly isSortable?: boolean;
}): Markup {
  const { label, columns, rows, isSortable } = options;
  const head = columns.map((column) => html`<th scope="col">${column}</th>`);
  const body = rows.map((row) => html`<tr>${row.map(renderCell)}</tr>`);
  const mark = isSortable ? html` class="sortable"` : null;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table${mark}><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function renderCell(cell: Cell | string, column: number): Markup {
  const { content, sortBy, bar }: Cell = typeof cell === "string" ? { content: cell } : cell;
  const sort = sortBy === undefined ? null : html` data-v="${sortBy === null ? "" : String(sortBy)}"`;
  if (column === 0) return html`<th scope="row"${sort}>${content}</th>`;
  const width =
    typeof bar === "number" && Number.isFinite(bar) ? Math.round(Math.min(1, Math.max(0, bar)) * 100) : null;
  const style = width === null ? null : html` class="bar" style="--w:${width}%"`;
  return html`<td${sort}${style}>${content}</td>`;
}

/** Name–value pairs. */
export function renderFacts(facts: readonly (readonly [name: string, value: Fragment])[]): Markup {
  const items = facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return html`<dl class="facts">${items}</dl>`;
}

const longestValue = 600;
const mostFacts = 400;

/** Any JSON value as facts: nested names joined by dots, long values cut with their length said. */
export function flattenFacts(value: unknown, prefix = ""): (readonly [string, string])[] {
  const isRecord = value !== null && typeof value === "object" && !Array.isArray(value);
  if (!isRecord) return [[prefix || "value", printValue(value)]];
  const facts = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : flattenFacts(item, prefix ? `${prefix}.${key}` : key),
  );
  if (facts.length <= mostFacts) return facts;
  return [...facts.slice(0, mostFacts), ["…", `${facts.length - mostFacts} more, in config.json`]];
}

function printValue(value: unknown): string {
  const text = printWhole(value);
  if (text.length <= longestValue) return text;
  return `${text.slice(0, longestValue)}… (${text.length} characters)`;
}

function printWhole(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" && !Number.isFinite(value)) return absent;
  if (Array.isArray(value)) return value.map(printWhole).join(", ");
  return value === null ? absent : (JSON.stringify(value) ?? absent);
}
