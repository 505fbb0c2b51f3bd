/**
 * HTML as values: whatever is not markup already is escaped.
 *
 * Knows: HTML's special characters. May not know: the report.
 */
import { cleanText } from "./clean-text.js";

/** Markup that is safe as it stands. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Fragment = Markup | string | number | null | readonly Fragment[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The text with the five special characters as entities: safe in content and in quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function joinFragment(fragment: Fragment): string {
  if (fragment === null) return "";
  if (fragment instanceof Markup) return fragment.text;
  if (typeof fragment === "number") return Number.isFinite(fragment) ? String(fragment) : "–";
  if (typeof fragment === "string") return escapeText(cleanText(fragment));
  return fragment.map(joinFragment).join("");
}

/**
 * Template of markup; strings and numbers put in are escaped, lists are joined.
 *
 * @example
 * ```ts
 * html`<td>${"<script>"}</td>`.text; // <td>&lt;script&gt;</td>
 * ```
 */
export function html(parts: TemplateStringsArray, ...values: readonly Fragment[]): Markup {
  return new Markup(parts.map((part, at) => part + joinFragment(values[at] ?? null)).join(""));
}
