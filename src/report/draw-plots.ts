/**
 * Plots → SVG, twice each: for the page and for files of their own.
 *
 * Knows: plots, their results. May not know: pages, files.
 */
import type { Plot } from "./plots/plot.js";
import { renderSvg } from "./render-svg.js";

export interface DrawnPlots {
  /** Plot's id → SVG that stands in a page; plots without data are left out of both. */
  readonly embedded: ReadonlyMap<string, string>;
  /** File name (`loss-against-steps.svg`) → SVG text. */
  readonly files: ReadonlyMap<string, string>;
}

export async function drawPlots<Results>(
  plots: readonly Plot<Results>[],
  results: Results,
): Promise<DrawnPlots> {
  const [embedded, files] = [new Map<string, string>(), new Map<string, string>()];
  for (const plot of plots) {
    const spec = plot.drawSpec(results);
    if (spec === null) continue;
    const svg = await renderSvg(spec, plot.title);
    embedded.set(plot.id, svg.embedded);
    files.set(`${plot.id}.svg`, svg.standalone);
  }
  return { embedded, files };
}
