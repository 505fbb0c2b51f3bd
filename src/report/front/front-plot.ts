/**
 * Accuracy against steps, and below it against operations, a line for each preset.
 *
 * Knows: candidates of `auto`. May not know: how they were measured, how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { AutoCandidate, AutoResult } from "../../evaluation/auto-result.js";
import { cleanLabel } from "../clean-text.js";
import {
  finiteOrNull,
  formatCount,
  formatFixed,
  formatInterval,
  formatRatio,
  formatShort,
} from "../format-number.js";
import { countAxis } from "../plots/count-axis.js";
import { type Plot, type PlotTable, plotSize, specPart } from "../plots/plot.js";
import { stepAxis } from "../plots/step-axis.js";
import { paint } from "../theme.js";

const strokes = [paint("s1"), paint("s3"), paint("s4"), paint("ink"), paint("muted")];
const shapes = ["circle", "square", "triangle-up", "diamond", "cross"];

interface FrontRow {
  readonly t: number;
  readonly count: number;
  readonly accuracy: number;
  readonly series: string;
}

/** `refine (multi-level)`: spikes of more than one bit are said to be. */
export function nameCandidate({ preset, alphabet }: Pick<AutoCandidate, "preset" | "alphabet">): string {
  return `${cleanLabel(preset, 40)} (${alphabet})`;
}

/** The network's accuracy on all judging images less the loss: what candidates on fewer images are compared by. */
function rowsOf({ candidates, network }: AutoResult): readonly FrontRow[] {
  return candidates
    .flatMap((candidate) => {
      const [accuracy, count] = [
        finiteOrNull(network.accuracy - candidate.loss),
        finiteOrNull(candidate.sop),
      ];
      if (accuracy === null || count === null || !(candidate.T > 0)) return [];
      return [{ t: candidate.T, count, accuracy, series: nameCandidate(candidate) }];
    })
    .sort((a, b) => a.t - b.t);
}

function drawSpec(result: AutoResult): TopLevelSpec | null {
  const rows = rowsOf(result);
  if (rows.length === 0) return null;
  const names = [...new Set(rows.map(({ series }) => series))];
  const y = accuracyAxis([...rows.map(({ accuracy }) => accuracy), result.network.accuracy]);
  const macs = finiteOrNull(result.network.macs);
  const network = {
    accuracy: result.network.accuracy,
    label: `network ${formatFixed(result.network.accuracy)} %`,
  };
  const cost =
    macs === null || macs <= 0 ? [] : [{ count: macs, label: `network ${formatShort(macs)} MACs` }];
  const steps = [...new Set(rows.map(({ t }) => t))].map((t) => ({ t }));
  const operations = countAxis(
    "operations per image",
    [...rows, ...cost].map(({ count }) => count),
  );
  const curves = (x: ReturnType<typeof countAxis> | ReturnType<typeof stepAxis>) => [
    ...lineOf(network, y),
    {
      mark: { type: "line" as const, strokeWidth: 2.2 },
      encoding: { x, y, order: { field: "t", type: "quantitative" as const }, color: byName(names).color },
    },
    {
      mark: { type: "point" as const, filled: true, opacity: 1, size: 60 },
      encoding: { x, y, ...byName(names) },
    },
  ];
  return {
    data: { values: [...rows] },
    vconcat: [
      { ...plotSize, layer: curves(stepAxis(steps)) },
      { ...plotSize, layer: [...curves(operations), ...costLine(cost, rows, operations)] },
    ],
  };
}

function byName(names: readonly string[]) {
  const field = specPart({ field: "series", type: "nominal" });
  const legend = specPart({ title: null, orient: "top", direction: "vertical" });
  const pick = (values: readonly string[]) => names.map((_, at) => values[at % values.length] as string);
  return {
    color: { ...field, legend, scale: { domain: [...names], range: pick(strokes) } },
    shape: { ...field, legend, scale: { domain: [...names], range: pick(shapes) } },
  };
}

/** From a little above the best accuracy to a little below the worst. */
function accuracyAxis(values: readonly number[]) {
  const high = Math.max(...values);
  const low = Math.min(...values);
  const margin = Math.max(0.25, (high - low) * 0.06);
  const domain: [number, number] = [Math.max(0, low - margin), Math.min(100.5, high + 1.5 * margin)];
  return specPart({
    field: "accuracy",
    type: "quantitative",
    title: "accuracy, %",
    scale: { domain, nice: false, zero: false },
    axis: { tickCount: 6, labelExpr: "format(datum.value, '~r')" },
  });
}

function lineOf(network: { accuracy: number; label: string }, y: ReturnType<typeof accuracyAxis>) {
  const data = { values: [network] };
  return [
    {
      data,
      mark: specPart({ type: "rule", stroke: paint("s2"), strokeWidth: 1.8, strokeDash: [6, 4] }),
      encoding: { y },
    },
    {
      data,
      mark: specPart({ type: "text", fill: paint("s2"), align: "left", baseline: "bottom", x: 6, dy: -4 }),
      encoding: { y, text: { field: "label" } },
    },
  ];
}

/** The label ends at the line, but where that stands near the left edge: there it starts at it. */
function costLine(
  cost: readonly { readonly count: number; readonly label: string }[],
  rows: readonly FrontRow[],
  x: ReturnType<typeof countAxis>,
) {
  const isNearLeft = cost.every(({ count }) => rows.every((row) => count <= 1.5 * row.count));
  const data = { values: [...cost] };
  return [
    {
      data,
      mark: specPart({ type: "rule", stroke: paint("s2"), strokeWidth: 1.8, strokeDash: [2, 3] }),
      encoding: { x },
    },
    {
      data,
      mark: specPart({
        type: "text",
        fill: paint("s2"),
        align: isNearLeft ? "left" : "right",
        baseline: "bottom",
        y: "height",
        dx: isNearLeft ? 5 : -5,
        dy: -6,
      }),
      encoding: { x, text: { field: "label" } },
    },
  ];
}

function describe({ chosen, candidates, network, bound }: AutoResult): string {
  if (chosen === null) {
    return `None of ${formatCount(candidates.length)} candidates loses at most ${bound} points at the upper end of its interval.`;
  }
  return (
    `${nameCandidate(chosen)} at T = ${formatCount(chosen.T)} loses ${formatFixed(chosen.loss)} points ` +
    `(${formatInterval(chosen.lossCi95)}) and takes ${formatShort(chosen.sop)} operations, ` +
    `${formatRatio(chosen.sop, network.macs)} the network's ${formatShort(network.macs)} MACs.`
  );
}

function tabulate({ candidates, network }: AutoResult): PlotTable {
  return {
    columns: [
      "preset (spikes)",
      "T",
      "loss, points",
      "95 %",
      "accuracy, %",
      "images",
      "operations",
      "over MACs",
      "verdict",
    ],
    rows: candidates.map((candidate) => [
      nameCandidate(candidate),
      formatCount(candidate.T),
      formatFixed(candidate.loss),
      formatInterval(candidate.lossCi95),
      formatFixed(candidate.accuracy),
      formatCount(candidate.n),
      formatCount(candidate.sop),
      formatRatio(candidate.sop, network.macs),
      candidate.verdict,
    ]),
  };
}

export const frontPlot: Plot<AutoResult> = {
  id: "front",
  title: "Accuracy against steps and operations",
  key: "Each line a preset, with what its neurons send: multi-level spikes carry more than one bit, and one of size s counts as |s| operations a synapse. Accuracy: the network's on all judging images less the loss on those a candidate was tried on. Dashed: the network's accuracy; dotted: its multiply-accumulates. The first layer's multiply-accumulates are left out of the spiking networks' operations.",
  drawSpec,
  describe,
  tabulate,
};
