/**
 * Rows of a reproduction as cells: the same for the page, CSV and Markdown.
 *
 * Knows: a row's fields. May not know: markup, files.
 */
import { absent, formatCount, formatFixed, formatShort, formatSignificant } from "../format-number.js";
import { labelAlphabet } from "../name-spikes.js";
import type { ReproducedRow } from "./reproduction-result.js";

export interface RowTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Rows by part, in the order of the first row of each. */
export function groupRows(rows: readonly ReproducedRow[]): Map<string, ReproducedRow[]> {
  const parts = new Map<string, ReproducedRow[]>();
  for (const row of rows) parts.set(row.part, [...(parts.get(row.part) ?? []), row]);
  return parts;
}

const columns = [
  "network",
  "weights",
  "conversion",
  "T",
  "spikes",
  "n",
  "published: network, %",
  "SNN, %",
  "loss",
  "measured: network, %",
  "SNN, %",
  "loss [95 %]",
  "spikes an image",
  "operations",
  "network's MACs",
  "horowitz45: network, µJ",
  "SNN, µJ",
  "neuromorphic: network, µJ",
  "SNN, µJ",
];

const networkColumns = [
  ...["network", "weights", "n", "published, %", "measured, % [95 %]", "MACs", "horowitz45, µJ"],
  "neuromorphic, µJ",
];

/** One part of an experiment, published and measured side by side; a part of networks alone has no columns for spikes. */
export function tabulateRows(rows: readonly ReproducedRow[]): RowTable {
  if (rows.every(({ isNetworkAlone }) => isNetworkAlone)) {
    return { columns: networkColumns, rows: rows.map(describeNetwork) };
  }
  return { columns, rows: rows.map((row) => [...describeRow(row), ...listNumbers(row)]) };
}

function describeNetwork({ data, name, network, published, measured, because }: ReproducedRow): string[] {
  const weights = network === null ? absent : `${network.arch} (${network.file})`;
  const quoted = formatFixed(published?.network);
  const head = [`${name}, ${data}`, weights];
  if (measured === null) return [...head, absent, quoted, because ?? absent, absent, absent, absent];
  const [low, high] = measured.networkCi95.map((bound) => formatFixed(bound));
  return [
    ...head,
    ...[formatCount(measured.n), quoted, `${formatFixed(measured.network)} [${low}, ${high}]`],
    formatShort(measured.annMacs),
    ...measured.energy.map(({ annUJ }) => formatSignificant(annUJ)),
  ];
}

function describeRow({ data, name, network, method, T, measured }: ReproducedRow): string[] {
  const weights = network === null ? absent : `${network.arch} (${network.file})`;
  const factors = measured?.compensation == null ? "" : ` (${measured.compensation})`;
  const conversion = `${method}${factors}`;
  const spikes = measured === null ? absent : labelAlphabet(measured.alphabet);
  return [`${name}, ${data}`, weights, conversion, formatCount(T), spikes];
}

function listNumbers({ published, measured, because }: ReproducedRow): string[] {
  const quoted = [published?.network, published?.snn, published?.loss].map((value) => formatFixed(value));
  if (measured === null) return [absent, ...quoted, because ?? absent, ...Array<string>(9).fill(absent)];
  const { n, network, snn, loss, lossCi95, spikes, sopEffective, annMacs, energy } = measured;
  return [
    formatCount(n),
    ...quoted,
    formatFixed(network),
    formatFixed(snn),
    `${formatFixed(loss)} [${formatFixed(lossCi95[0])}, ${formatFixed(lossCi95[1])}]`,
    formatShort(spikes),
    formatShort(sopEffective),
    formatShort(annMacs),
    ...energy.flatMap(({ annUJ, snnUJ }) => [formatSignificant(annUJ), formatSignificant(snnUJ)]),
  ];
}
