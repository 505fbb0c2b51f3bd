/**
 * Reproductions as one Markdown page: verdicts, plots, published and measured side by side.
 *
 * Knows: results. May not know: files; it is told where plots lie.
 */
import { absent, formatCount, formatFixed, formatShort, formatSignificant } from "../format-number.js";
import { labelAlphabet } from "../name-spikes.js";
import { describeReproduction } from "./render-reproduction.js";
import type {
  ExperimentResult,
  JudgedClaim,
  PublishedNumbers,
  ReproducedRow,
  ReproductionResult,
  RowMeasurement,
} from "./reproduction-result.js";
import { groupRows, tabulateRows } from "./row-table.js";

export interface MarkdownPart {
  readonly heading: string;
  /** What was run, in words. */
  readonly says: string;
  readonly command: string;
  readonly result: ReproductionResult;
  /** Address of each plot of this part, by file name. */
  readonly plots: ReadonlyMap<string, string>;
}

/** The parts of the page, without its head. */
export function renderMarkdown(parts: readonly MarkdownPart[]): string {
  return parts.map(renderPart).join("\n\n");
}

function renderPart({ heading, says, command, result, plots }: MarkdownPart): string {
  const shown = result.experiments.filter(({ rows }) => rows.some(({ measured }) => measured !== null));
  const hidden = result.experiments.filter((experiment) => !shown.includes(experiment));
  return [
    `## ${heading}`,
    `${says} ${describeReproduction(result)}.\n\n\`${command}\``,
    ...shown.map((experiment) => renderExperiment(experiment, plots)),
    ...(hidden.length === 0
      ? []
      : [`Nothing is run yet of: ${hidden.map(({ title }) => title).join("; ")}.`]),
    ...result.notes.map((note) => `* ${note}`),
  ].join("\n\n");
}

function renderExperiment(experiment: ExperimentResult, plots: ReadonlyMap<string, string>): string {
  const { id, title, says, claims, rows, quoted } = experiment;
  const pictures = [...plots]
    .filter(([name]) => name.startsWith(`${id}-`))
    .map(([name, address]) => `![${name.replace(/\.svg$/, "").replaceAll("-", " ")}](${address})`);
  const measured = rows.filter((row) => row.measured !== null);
  const tables = [...groupRows(measured)].map(([part, own]) => `#### ${part}\n${tabulate(own)}`);
  const others = quoted.map(({ method, network, data, published, source }) => [
    ...[method, network, data, describePublished(published), source],
  ]);
  const head = ["method", "network", "data", "published", "source"];
  return [
    `### ${title}`,
    says,
    claims.map(describeClaim).join("\n"),
    ...pictures,
    ...tables,
    ...(quoted.length === 0 ? [] : [`#### Quoted from others, not run here\n${layMarkdown(head, others)}`]),
    ...describeMissing(rows),
  ].join("\n\n");
}

function describeClaim({ says, sentence, explanations }: JudgedClaim): string {
  const tried = explanations.filter(({ outcome }) => outcome !== "not run");
  const lines = tried.map(
    ({ difference, outcome, sentence: found }) => `  * ${difference}: **${outcome}**. ${found}`,
  );
  return [`* ${says}. **${sentence}**`, ...lines].join("\n");
}

const columns = [
  ...[
    "network",
    "weights",
    "conversion",
    "T",
    "spikes",
    "n",
    "published",
    "network, %",
    "SNN, %",
    "loss [95 %]",
  ],
  ...["operations", "network's MACs", "horowitz45, µJ", "neuromorphic, µJ"],
];

function tabulate(rows: readonly ReproducedRow[]): string {
  if (rows.every(({ isNetworkAlone }) => isNetworkAlone)) {
    const alone = tabulateRows(rows);
    return layMarkdown(alone.columns, alone.rows);
  }
  return layMarkdown(
    columns,
    rows.flatMap((row) => (row.measured === null ? [] : [listCells(row, row.measured)])),
  );
}

function listCells(
  { name, data, network, recipe, T, published }: ReproducedRow,
  m: RowMeasurement,
): string[] {
  const factors = m.compensation === null ? "" : ` (${m.compensation})`;
  return [
    `${name}, ${data}`,
    network === null ? absent : `${network.arch}, \`${network.file}\``,
    `${recipe}${factors}`,
    ...[formatCount(T), labelAlphabet(m.alphabet), formatCount(m.n), describePublished(published ?? {})],
    ...[formatFixed(m.network), formatFixed(m.snn)],
    `${formatFixed(m.loss)} [${formatFixed(m.lossCi95[0])}, ${formatFixed(m.lossCi95[1])}]`,
    ...[formatShort(m.sopEffective), formatShort(m.annMacs)],
    ...m.energy.map(({ annUJ, snnUJ }) => `${formatSignificant(annUJ)} → ${formatSignificant(snnUJ)}`),
  ];
}

/** `92.85 → 92.37 (0.48)` */
function describePublished({ network, snn, loss }: PublishedNumbers): string {
  const accuracies =
    snn === undefined
      ? ""
      : `${network === undefined ? "" : `${formatFixed(network)} → `}${formatFixed(snn)}`;
  const lost = loss === undefined ? "" : `loss ${formatFixed(loss)}`;
  return [accuracies, lost].filter((text) => text !== "").join(", ") || absent;
}

/** Rows that were not run, by reason. */
function describeMissing(rows: readonly ReproducedRow[]): string[] {
  const reasons = new Map<string, number>();
  for (const { because } of rows) if (because !== null) reasons.set(because, (reasons.get(because) ?? 0) + 1);
  return [...reasons].map(([reason, count]) => {
    const rows = `${count} row${count === 1 ? "" : "s"}`;
    return reason.endsWith("not run yet")
      ? `${rows} not run yet.`
      : `${rows} could not be run because ${reason}.`;
  });
}

function layMarkdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
