/**
 * A bench's results → one HTML file that makes no request, the plots as SVG files, and a text for the terminal.
 *
 * Knows: the order of the sections. May not know: files, how results came about.
 */
import type { BenchResult } from "../../evaluation/bench-result.js";
import { drawPlots } from "../draw-plots.js";
import { formatCount, formatFixed, formatShare, formatShort, formatSignificant } from "../format-number.js";
import { html, type Markup } from "../html.js";
import type { Plot } from "../plots/plot.js";
import { renderPage } from "../render-page.js";
import type { Report } from "../render-report.js";
import { layTable } from "../render-table.js";
import { flattenFacts, renderFacts, renderTableMarkup } from "../sections/data-table.js";
import { renderPlotSection } from "../sections/plot-section.js";
import { renderCommand } from "../sections/provenance-sections.js";
import { imagesAgainstSteps, nameThreads } from "./images-against-steps.js";
import { tabulateLayers, timePerLayer } from "./time-per-layer.js";

/** All plots of a bench, in the order of the page; a new one is added here. */
export const benchPlots: readonly Plot<BenchResult>[] = [imagesAgainstSteps, timePerLayer];

export interface BenchReportInput {
  readonly result: BenchResult;
  readonly command: readonly string[];
  readonly title: string;
  readonly version: string;
}

/** Same input, same bytes. */
export async function renderBench(input: BenchReportInput): Promise<Report> {
  const { result } = input;
  const { embedded: drawn, files: plots } = await drawPlots(benchPlots, result);
  const section = (id: string, name: string, body: Markup) => ({
    id,
    name,
    body: html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>${body}</section>`,
  });
  const page = renderPage({
    title: input.title,
    subtitle: `Speed on ${describeMachine(result)}`,
    version: input.version,
    sections: [
      {
        id: "speed",
        name: "Speed",
        body: renderPlotSection({ id: "speed", title: "Speed", plots: benchPlots, results: result, drawn }),
      },
      section("network", "Network, counting, memory", renderRest(result)),
      section(
        "configuration",
        "Configuration",
        html`${renderCommand(input.command)}${renderFacts(flattenFacts({ machine: result.machine, ...result.options }))}`,
      ),
    ],
  });
  return { html: page, plots };
}

function renderRest(result: BenchResult): Markup {
  const { columns, rows } = tabulateNetwork(result);
  const table = renderTableMarkup({ label: "The network itself", columns, rows });
  return html`${table}<p>${describeCounting(result)}</p><p>${describeMemory(result)}</p>`;
}

function tabulateNetwork({ ann }: BenchResult) {
  return {
    columns: ["threads", "network, images/s", "slowest", "fastest"],
    rows: ann.map(({ threads, imagesPerSecond, slowest, fastest }) => [
      formatCount(threads),
      ...[imagesPerSecond, slowest, fastest].map((value) => formatSignificant(value)),
    ]),
  };
}

export function describeMachine({ machine }: BenchResult): string {
  const { processor, cores, platform, node } = machine;
  return `${processor}, ${formatCount(cores)} core${cores === 1 ? "" : "s"}, ${platform}, Node ${node}`;
}

function describeCounting({ counting }: BenchResult): string {
  const times = `${formatCount(counting.at.length)} time${counting.at.length === 1 ? "" : "s"}`;
  return (
    `Counting spikes and operations of every layer at ${times} costs ` +
    `${formatFixed(counting.costPercent, 1)} % (${formatSignificant(counting.imagesPerSecondWithout)} → ` +
    `${formatSignificant(counting.imagesPerSecond)} images/s at T = ${formatCount(counting.T)}, ${nameThreads(counting.threads)}).`
  );
}

function describeMemory({ points, peakBytes }: BenchResult): string {
  const most = Math.max(...points.map(({ residentBytes }) => residentBytes));
  return `Resident memory while running ${formatShort(most)}B, at most ${formatShort(peakBytes)}B, the data set's images included.`;
}

/** What the command line prints; with `explain` the table of layers too. No trailing newline. */
export function renderBenchText(result: BenchResult, explain: boolean): string {
  const speed = imagesAgainstSteps.tabulate(result);
  const network = tabulateNetwork(result);
  return [
    `${describeMachine(result)}; ${formatCount(result.neurons)} neurons, ${result.number}`,
    "",
    layTable(speed.columns, speed.rows),
    "over dense: against the network run once a step with respike's dense kernels; µs a step: of one thread",
    "",
    layTable(network.columns, network.rows),
    "",
    explain ? renderExplanation(result.layers) : renderShares(result),
    `${formatShare(result.restShare)} % of the time goes to no layer (currents of the image, readout, counts)`,
    "",
    describeCounting(result),
    describeMemory(result),
  ].join("\n");
}

function renderShares({ layers }: BenchResult): string {
  return layTable(
    ["layer", "kernel", "share, %", "mean rate, %"],
    tabulateLayers(layers).rows.map((row) => row.slice(0, 4)),
  );
}

/** Each layer's kernel, measured and modelled time, and the kernels that were not chosen. */
export function renderExplanation(layers: BenchResult["layers"]): string {
  const { columns, rows } = tabulateLayers(layers);
  const note =
    "calibrated: the rate that the planner reckons with; µs a step: per image, one thread; rejected: kernels that could run it, as the model has them";
  return `${layTable(columns, rows)}\n${note}`;
}
