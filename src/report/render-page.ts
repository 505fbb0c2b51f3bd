/**
 * The frame of every page: head, navigation, sections, foot; one file that makes no request.
 *
 * Knows: HTML's frame, the style sheet, the one script. May not know: what sections say.
 */
import { hashText } from "../core/sha256.js";
import { type Fragment, html, Markup } from "./html.js";
import { pageStyle } from "./page-style.js";
import { sortScript } from "./sort-script.js";

export interface PageSection {
  readonly id: string;
  readonly name: string;
  readonly body: Markup;
}

export function renderPage(page: {
  readonly title: string;
  readonly subtitle: Fragment;
  readonly sections: readonly PageSection[];
  readonly version?: string | undefined;
}): string {
  const { title, subtitle, sections, version } = page;
  const links = sections.map(({ id, name }) => html`<li><a href="#${id}">${name}</a></li>`);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(contentPolicy())}">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${title}: respike report</title><style>${new Markup(pageStyle)}</style></head>
<body><header><h1>${title}</h1><p class="sub">${subtitle}</p>
<nav aria-label="Sections"><ul>${links}</ul></nav></header>
<main>${sections.map((section) => section.body)}</main>
<footer><p>Written by respike${version ? ` ${version}` : ""}. This file makes no request.</p></footer>
<script>${new Markup(sortScript)}</script></body></html>
`.text;
}

/** Nothing may be loaded; the one script is allowed by its hash. */
function contentPolicy(): string {
  const bytes = hashText(sortScript).match(/../g) ?? [];
  const base64 = btoa(String.fromCharCode(...bytes.map((byte) => Number.parseInt(byte, 16))));
  return `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${base64}'; img-src data:; base-uri 'none'; form-action 'none'`;
}
