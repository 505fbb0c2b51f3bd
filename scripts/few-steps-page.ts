/**
 * Rows of measure-few-steps.ts as Markdown and plots: for each network losses by preset and T, then every figure.
 *
 * Knows: what a row holds. May not know: how it was measured, where it is written.
 */
import type { AlphabetName, AutoCandidate, AutoResult } from "#src/evaluation/auto-result.js";
import type { EvaluationResult } from "#src/evaluation/evaluation-result.js";
import { drawPlots } from "#src/report/draw-plots.js";
import { frontPlot } from "#src/report/front/front-plot.js";
import { markdownTable, signed } from "./measure-support.js";

/** A conversion and what it gave at each of the times it was read at. */
export interface FewStepsRow {
  readonly file: string;
  readonly preset: string;
  /** It was made for. */
  readonly T: number;
  readonly n: number;
  /** The network's accuracy, percent. */
  readonly ann: number;
  readonly alphabet: string;
  readonly at: EvaluationResult["snn"]["at"];
  readonly annMacs: number;
}

export interface FewStepsPage {
  readonly text: string;
  /** File name → SVG. */
  readonly plots: ReadonlyMap<string, string>;
}

/** Points: what lost more is left out of plots, whose upper end is what is looked at. */
const largestPlotted = 15;

const titles: Readonly<Record<string, string>> = { cifar10: "CIFAR-10", cifar100: "CIFAR-100" };

/** `cifar100-resnet32.safetensors` → `CIFAR-100, ResNet-32`. */
function nameNetwork(file: string): string {
  const [data = "", network = ""] = file.replace(/\..*$/, "").split("-");
  return `${titles[data] ?? data}, ${network.replace("resnet", "ResNet-")}`;
}

export const plotName = (file: string) => `${file.replace(/\..*$/, "")}.svg`;

/** @param rows in the order of networks, presets and T; @param folder where the page finds its plots */
export async function renderFewSteps(rows: readonly FewStepsRow[], folder: string): Promise<FewStepsPage> {
  const plots = new Map<string, string>();
  const parts: string[] = [];
  for (const file of new Set(rows.map((row) => row.file))) {
    const own = rows.filter((row) => row.file === file);
    const svg = await drawFront(own);
    if (svg !== undefined) plots.set(plotName(file), svg);
    parts.push(renderNetwork(file, own, svg === undefined ? undefined : `${folder}/${plotName(file)}`));
  }
  return { text: parts.join("\n\n"), plots };
}

function renderNetwork(file: string, rows: readonly FewStepsRow[], plot: string | undefined): string {
  const [{ ann, annMacs, n } = { ann: 0, annMacs: 0, n: 0 }] = rows;
  const name = nameNetwork(file);
  return [
    `### ${name}`,
    `The network: ${ann.toFixed(2)} % of ${n.toLocaleString("en-US")} images, ${(annMacs / 1e6).toFixed(1)} M multiply-accumulates.`,
    ...(plot === undefined ? [] : [`![${name}: accuracy against steps and operations](${plot})`]),
    tabulateLosses(rows),
    `<details><summary>Intervals and operations</summary>\n\n${tabulateAll(rows)}\n\n</details>`,
  ].join("\n\n");
}

/** Points lost, presets by T. */
function tabulateLosses(rows: readonly FewStepsRow[]): string {
  const times = [...new Set(rows.flatMap(({ at }) => at.map(({ t }) => t)))].sort((a, b) => a - b);
  const presets = [...new Set(rows.map(({ preset }) => preset))];
  const head = ["points lost", "spikes", ...times.map((t) => `T = ${t}`)];
  const lines = presets.map((preset) => {
    const own = rows.filter((row) => row.preset === preset);
    const found = new Map(own.flatMap(({ at }) => at.map(({ t, loss }) => [t, loss] as const)));
    const cells = times.map((t) => {
      const loss = found.get(t);
      return loss === undefined || loss === null ? "" : signed(loss);
    });
    return [`\`${preset}\``, own[0]?.alphabet ?? "", ...cells];
  });
  return markdownTable(head, lines);
}

function tabulateAll(rows: readonly FewStepsRow[]): string {
  const lines = rows.flatMap(({ preset, T, alphabet, at }) =>
    at.map(({ t, accuracy, loss, lossCi95, sopEffective }) => [
      `\`${preset}\``,
      alphabet,
      String(t),
      T === t ? "yes" : String(T),
      accuracy.toFixed(2),
      `${signed(loss ?? Number.NaN)} [${(lossCi95 ?? []).map((bound) => signed(bound)).join(", ")}]`,
      (sopEffective / 1e6).toFixed(1),
    ]),
  );
  const head = ["preset", "spikes", "T", "made for T", "SNN %", "loss, points [95 %]", "M operations"];
  return markdownTable(head, lines);
}

/** The front of `--preset auto`, of test images. */
async function drawFront(rows: readonly FewStepsRow[]): Promise<string | undefined> {
  const [first] = rows;
  const candidates = rows.flatMap(listCandidates);
  if (first === undefined || candidates.length === 0) return undefined;
  const { ann, annMacs, n } = first;
  // Of what auto says only `network` and `candidates` are drawn.
  const result: AutoResult = {
    chosen: null,
    bound: largestPlotted,
    minimise: "steps",
    alphabet: null,
    judgedOn: { data: "", split: "train", n, of: n, indicesSha256: "" },
    network: { correct: Math.round((ann * n) / 100), accuracy: ann, macs: annMacs },
    note: null,
    candidates,
  };
  return (await drawPlots([frontPlot], result)).files.get(`${frontPlot.id}.svg`);
}

function listCandidates({ preset, alphabet, at }: FewStepsRow): readonly AutoCandidate[] {
  return at.flatMap(({ t, n, accuracy, loss, lossCi95, sopEffective }) => {
    if (loss === null || lossCi95 === null || loss > largestPlotted) return [];
    const interval = [lossCi95[0] ?? Number.NaN, lossCi95[1] ?? Number.NaN] as const;
    const named = { preset, T: t, alphabet: nameAlphabet(alphabet), verdict: "not needed" } as const;
    return [{ ...named, n, accuracy, loss, lossCi95: interval, sop: sopEffective }];
  });
}

const nameAlphabet = (alphabet: string): AlphabetName =>
  alphabet === "binary" || alphabet === "signed" ? alphabet : "multi-level";
