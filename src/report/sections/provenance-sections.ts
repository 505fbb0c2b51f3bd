/**
 * Passes, configuration, provenance, hashes and the exact command.
 *
 * Knows: the report's input. May not know: results' meaning, files.
 */
import { formatCount } from "../format-number.js";
import { type Fragment, html, type Markup } from "../html.js";
import type { ReportInput } from "../report-input.js";
import { flattenFacts, renderFacts } from "./data-table.js";
import { renderPassesTable } from "./passes-table.js";

export function renderPassesSection(input: ReportInput): Markup | null {
  const passes = input.conversion?.passes;
  if (!passes || passes.length === 0) return null;
  return html`<section id="passes" aria-labelledby="passes-title"><h2 id="passes-title">Passes of the conversion</h2>
${renderPassesTable(passes)}</section>`;
}

/** The words as a POSIX shell reads them back. */
export function quoteCommand(command: readonly string[]): string {
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}

/** The exact command, to be copied. */
export function renderCommand(command: readonly string[]): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Exact command"><pre><code>${quoteCommand(command)}</code></pre></div>`;
}

export function renderConfigurationSection(input: ReportInput): Markup {
  const { results, conversion, configuration } = input;
  const run = { backend: results.run.backend, threads: results.run.threads, number: results.run.number };
  const parts: [string, unknown][] = [
    ["Evaluation", configuration ?? results.options],
    ["Conversion", conversion?.options],
    ["Preprocessing", conversion?.preprocessing],
    ["Run", { ...run, kernels: summariseKernels(results.run.kernels) }],
  ];
  const blocks = parts.flatMap(([title, value]) => {
    const facts = value === undefined || value === null ? [] : flattenFacts(value);
    return facts.length === 0 ? [] : [html`<div><h3>${title}</h3>${renderFacts(facts)}</div>`];
  });
  return html`<section id="configuration" aria-labelledby="configuration-title"><h2 id="configuration-title">Configuration</h2>
<h3>Exact command</h3>${renderCommand(input.command)}
<div class="columns">${blocks}</div></section>`;
}

/** Kernel → how many layers it ran. */
function summariseKernels(kernels: Readonly<Record<string, string>>): Record<string, string> {
  const counts = new Map<string, number>();
  for (const kernel of Object.values(kernels)) counts.set(kernel, (counts.get(kernel) ?? 0) + 1);
  return Object.fromEntries(
    [...counts].map(([kernel, n]) => [kernel, `${formatCount(n)} ${n === 1 ? "layer" : "layers"}`]),
  );
}

export function renderProvenanceSection(input: ReportInput): Markup {
  const { results, conversion, provenance, hashes, version } = input;
  const facts: (readonly [string, Fragment])[] = [
    ["respike", version ?? "–"],
    ["data", `${results.data.name}, ${results.data.split}, ${formatCount(results.data.n)} images`],
    ["model format", conversion?.model?.format ?? null],
    ["architecture", conversion?.model?.arch ?? null],
    ["input shape", conversion?.model?.inputShape?.map((size) => formatCount(size)).join(" × ") ?? null],
  ];
  const hashFacts: (readonly [string, string | undefined])[] = [
    ["image indices (SHA-256)", results.data.indicesSha256],
    ["model file (SHA-256)", conversion?.model?.sha256],
    ["SNN file (SHA-256)", conversion?.snn?.sha256],
    ["spike hash", results.spikeHash],
    ...Object.entries(hashes ?? {}),
  ];
  const calibration = conversion?.calibration ? flattenFacts(conversion.calibration, "calibration") : [];
  const saved = provenance ? flattenFacts(provenance) : [];
  const known = hashFacts.flatMap(([name, value]) =>
    value ? [[name, html`<code>${value}</code>`] as const] : [],
  );
  return html`<section id="provenance" aria-labelledby="provenance-title"><h2 id="provenance-title">Provenance</h2>
<div class="columns"><div><h3>Origin</h3>${renderFacts([...facts.filter(([, value]) => value !== null), ...calibration, ...saved])}</div>
<div><h3>Hashes</h3>${renderFacts(known)}</div></div></section>`;
}
