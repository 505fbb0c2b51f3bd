/**
 * Vega-Lite specification → SVG text, the same bytes on every machine.
 *
 * Knows: Vega, the theme's paints. May not know: results, pages, files.
 * Widths of text are estimated, never measured (no canvas is asked); coordinates have two decimals.
 */
import type { TopLevelSpec } from "vega-lite";
import { cleanText } from "./clean-text.js";
import { escapeText } from "./html.js";
import { specPart } from "./plots/plot.js";
import { fontFamily, paint, paintNames, paints } from "./theme.js";

/** For a page that defines the paints (`embedded`), or a file of its own (`standalone`). */
export interface SvgText {
  readonly embedded: string;
  readonly standalone: string;
}

const config = specPart({
  aria: false,
  background: "transparent",
  padding: 4,
  font: "sans-serif",
  view: { stroke: null },
  text: { fontSize: 12 },
  axis: {
    labelColor: paint("ink"),
    titleColor: paint("muted"),
    domainColor: paint("muted"),
    tickColor: paint("muted"),
    gridColor: paint("grid"),
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 8,
    labelPadding: 4,
    labelFlush: false,
  },
  legend: {
    labelColor: paint("ink"),
    titleColor: paint("ink"),
    labelFontSize: 12,
    labelLimit: 0,
    symbolSize: 90,
  },
  title: { color: paint("ink"), fontSize: 14, fontWeight: "bold", anchor: "start" },
});

/** One at a time: while a plot is drawn, Vega's shared measure of text is ours. */
let queue: Promise<unknown> = Promise.resolve();

/**
 * Renders one plot.
 *
 * @param spec with colours as `paint(…)`.
 * @param title heads the file only, since a page has its own headings.
 * @throws Error if Vega cannot draw the specification: a defect of the plot.
 */
export function renderSvg(spec: TopLevelSpec, title: string): Promise<SvgText> {
  const drawing = queue.then(() => drawSvg(spec, title));
  queue = drawing.catch(() => undefined);
  return drawing;
}

async function drawSvg(spec: TopLevelSpec, title: string): Promise<SvgText> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const fit = "vconcat" in spec ? {} : { autosize: { type: "fit", contains: "padding" } as const };
  const sized = { ...spec, ...fit } as TopLevelSpec;
  const compiled = vegaLite.compile(sized, { config, logger: vega.logger(vega.None) });
  const metrics = findTextMetrics(vega);
  const measured = metrics.width;
  metrics.width = estimateWidth;
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logLevel: vega.None });
  try {
    const drawn = simplifySvg(await view.toSVG());
    return { embedded: embedSvg(drawn), standalone: completeSvg(drawn, title) };
  } finally {
    metrics.width = measured;
    view.finalize();
  }
}

interface TextMetrics {
  width: (item: { readonly fontSize?: number }, text: unknown) => number;
}

/** Vega's types leave out `textMetrics`, through which all its layout measures text. */
function findTextMetrics(vega: object): TextMetrics {
  if (!("textMetrics" in vega)) throw new Error("this version of vega has no textMetrics");
  return vega.textMetrics as TextMetrics;
}

/** 0.58 of the font size a character, 1 for wide ones (CJK): a little more than common fonts need. */
function estimateWidth(item: { readonly fontSize?: number }, text: unknown): number {
  let ems = 0;
  for (const character of String(text ?? "")) ems += (character.codePointAt(0) ?? 0) >= 0x2e80 ? 1 : 0.58;
  return Math.round(ems * (item.fontSize ?? 11));
}

interface DrawnSvg {
  readonly width: number;
  readonly height: number;
  readonly content: string;
}

/** Rounds coordinates and drops what each element repeats. */
function simplifySvg(svg: string): DrawnSvg {
  const size = /<svg[^>]*?\bwidth="([\d.]+)"[^>]*?\bheight="([\d.]+)"[^>]*>/.exec(svg);
  if (!size) throw new Error("Vega gave no SVG with a size");
  const content = svg.slice((size.index ?? 0) + size[0].length, svg.lastIndexOf("</svg>"));
  const lean = content.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/ (?:font-family|class|role|aria-[a-z]+|pointer-events|stroke-miterlimit)="[^"]*"/g, "")
      .replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100 + 0)),
  );
  const [, width, height] = size;
  return { width: Math.ceil(Number(width)), height: Math.ceil(Number(height)), content: lean };
}

function embedSvg({ width, height, content }: DrawnSvg): string {
  const size = `viewBox="0 0 ${width} ${height}" style="max-width:${Math.round(width * 1.35)}px"`;
  return `<svg ${size} aria-hidden="true" focusable="false">${content}</svg>`;
}

/** Paints become colours, dark ones by rules on top of them: readable in viewers without CSS too. */
function completeSvg({ width, height, content }: DrawnSvg, title: string): string {
  const head = 34;
  const name = escapeText(cleanText(title));
  const light = content.replace(/var\(--([a-z0-9]+)\)/g, (whole, paintName: string) => {
    const found = paintNames.find((candidate) => candidate === paintName);
    return found ? paints[found].light : whole;
  });
  const dark = paintNames
    .map((key) => paints[key])
    .map((p) => `[fill="${p.light}"]{fill:${p.dark}}[stroke="${p.light}"]{stroke:${p.dark}}`)
    .join("");
  const { card, ink } = paints;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + head}" ` +
    `viewBox="0 0 ${width} ${height + head}" font-family="${fontFamily}" role="img" aria-label="${name}">` +
    `<title>${name}</title><style>@media (prefers-color-scheme:dark){${dark}}</style>` +
    `<rect width="100%" height="100%" fill="${card.light}"/>` +
    `<text x="10" y="22" font-size="14" font-weight="bold" fill="${ink.light}">${name}</text>` +
    `<g transform="translate(0,${head})">${light}</g></svg>\n`
  );
}
