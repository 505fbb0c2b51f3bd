/**
 * Accuracy over time beside the network, as a plain text table for a terminal.
 *
 * Knows: the results, monospaced columns. May not know: colours, HTML, streams.
 */
import type { EvaluationResult } from "../evaluation/evaluation-result.js";
import { cleanLine } from "./clean-text.js";
import { finiteOrNull, formatCount, formatFixed, formatShort } from "./format-number.js";
import { explainSpikes, namedAlphabet, nameSpikes } from "./name-spikes.js";
import { describeImages } from "./verdict.js";

/** Right-aligned columns, two spaces apart, a line under the head; names that files give cannot break it. */
export function layTable(head: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(cleanLine));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const layRow = (cells: readonly string[]) =>
    widths.map((width, column) => (cells[column] ?? "").padStart(width)).join("  ");
  const line = widths.map((width) => "─".repeat(width)).join("  ");
  return [layRow(head), line, ...rows.map(layRow)].join("\n");
}

function layInterval(interval: readonly [number, number] | null): string {
  return interval ? `[${formatFixed(interval[0])}, ${formatFixed(interval[1])}]` : "";
}

/**
 * The table the command line prints: t, SNN accuracy, loss with its paired 95 % interval,
 * spikes and effective operations (means per image); the network's line last. No trailing newline.
 */
export function renderTable(results: EvaluationResult): string {
  const hasNetwork = results.ann !== null;
  const lossHead = hasNetwork ? ["loss", "95 % interval"] : [];
  const hasEvents = results.snn.at.some(({ events }) => events !== undefined);
  const eventHead = hasEvents ? ["events", "operations by events"] : [];
  const head = ["T", "SNN %", ...lossHead, nameSpikes(results), "operations", ...eventHead];
  const rows = results.snn.at.map((step) => [
    formatCount(step.t),
    formatFixed(step.accuracy),
    ...(hasNetwork ? [formatFixed(step.loss), layInterval(step.lossCi95)] : []),
    formatShort(finiteOrNull(step.spikes)),
    formatShort(finiteOrNull(step.sopEffective)),
    ...(hasEvents ? [step.events, step.sopEvents].map((value) => formatShort(finiteOrNull(value))) : []),
  ]);
  const macs = `${formatShort(results.cost.annMacs)} MACs`;
  if (results.ann) rows.push(["network", formatFixed(results.ann.accuracy), "", "", "", macs]);
  const meaning = `spikes and operations are means per image${hasNetwork ? ", loss in points" : ""}`;
  const explained = namedAlphabet(results) === null ? "" : `. ${explainSpikes(results)}`;
  const note = `${describeImages(results)}; ${meaning}${explained}`;
  return `${layTable(head, rows)}\n${note}`;
}
