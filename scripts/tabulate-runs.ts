/**
 * Markdown tables from run folders: accuracy over time, loss with its interval, operations, energy.
 *
 *   node dist-dev/scripts/tabulate-runs.js [--first N] 'LABEL=RUNFOLDER[,CONVERT.json]' …
 *
 * `--first N`: instead, accuracy and loss at every time on the run's first N images, from predictions.csv.
 * CONVERT.json is what `convert --json` printed; with it the command of each row is complete and the
 * compensation's factor is shown. Folders without results.json are left out and named on stderr.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CompensationReport } from "#src/conversion/compensation/compensation.js";
import type { EvaluationResult } from "#src/evaluation/evaluation-result.js";
import { pairedInterval } from "#src/evaluation/paired-interval.js";
import { markdownTable, signed } from "./measure-support.js";

interface RunRow {
  readonly label: string;
  readonly result: EvaluationResult;
  readonly commands: readonly string[];
  readonly compensation: CompensationReport | null;
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}

/** The command as a reader would type it: models in ../shared, no machine's paths, no progress. */
function tidyCommand(words: readonly string[]): string {
  const dropped = new Set(["--json", "--resume"]);
  const valued = new Set(["--progress", "--cache-dir", "--threads"]);
  const kept = words.filter((word, at) => {
    if (dropped.has(word) || valued.has(word)) return false;
    return !valued.has(words[at - 1] ?? "");
  });
  return ["npx", ...kept]
    .map((word) => word.replace(/^.*\/shared\//, "../shared/").replace(/^(\.\/)?(snn|out)\//, "runs/"))
    .join(" ");
}

function readRun(argument: string): RunRow | undefined {
  const [label = "", paths = ""] = argument.split("=");
  const [folder = "", converted] = paths.split(",");
  const file = join(folder, "results.json");
  if (!existsSync(file)) {
    console.error(`${label}: ${file} is not there yet`);
    return undefined;
  }
  const result = readJson(file) as unknown as EvaluationResult;
  const config = readJson(join(folder, "config.json"));
  const conversion = converted === undefined ? {} : readJson(converted);
  const commands = [conversion.command, config.command]
    .filter((command) => Array.isArray(command))
    .map((command) => tidyCommand(command as readonly string[]));
  const { compensation = null } = (conversion.result ?? {}) as { compensation?: RunRow["compensation"] };
  return { label, result, commands, compensation };
}

const fixed = (value: number | null | undefined, digits: number) =>
  value === null || value === undefined ? "" : value.toFixed(digits);
const millions = (value: number) => Math.round(value / 1e6).toLocaleString("en-US");

function accuracyTable(runs: readonly RunRow[]): string {
  const times = [...new Set(runs.flatMap(({ result }) => result.snn.at.map(({ t }) => t)))];
  const last = times.at(-1);
  const digits = (n: number) => (n > 1000 ? 2 : 1);
  const rows = runs.map(({ label, result: { ann, snn, data } }) => {
    const end = snn.at.at(-1);
    const [low, high] = end?.lossCi95 ?? [];
    const loss =
      typeof end?.loss === "number" && low !== undefined && high !== undefined
        ? `${signed(end.loss)} [${signed(low)}, ${signed(high)}]`
        : "";
    const accuracies = times.map((t) => fixed(snn.at.find((step) => step.t === t)?.accuracy, digits(data.n)));
    return [label, data.n.toLocaleString("en-US"), fixed(ann?.accuracy, digits(data.n)), ...accuracies, loss];
  });
  const head = [
    "network",
    "n",
    "network's accuracy",
    ...times.map((t) => `T = ${t}`),
    `loss at ${last} [95 %]`,
  ];
  return markdownTable(head, rows);
}

function costTable(runs: readonly RunRow[]): string {
  const rows = runs.map(({ label, result: { snn, cost } }) => {
    const end = snn.at.at(-1);
    const energies = cost.energy.flatMap(
      ({ annUJ, snnUJ, snnFirstLayerEachStepUJ, snnWithNeuronUpdatesUJ }) => [
        fixed(annUJ, 0),
        [snnUJ, snnFirstLayerEachStepUJ, snnWithNeuronUpdatesUJ].map((each) => fixed(each, 0)).join(" / "),
      ],
    );
    const spikes = fixed((end?.spikes ?? 0) / 1e6, 2);
    return [label, spikes, millions(end?.sopEffective ?? 0), fixed(cost.annMacs / 1e6, 1), ...energies];
  });
  const conventions = runs[0]?.result.cost.energy.map(({ convention }) => convention) ?? [];
  const energyHead = conventions.flatMap((name) => [`${name}: network`, `${name}: SNN`]);
  const head = ["network", "spikes, M", "MSOP", "network's MMAC", ...energyHead.map((each) => `${each}, µJ`)];
  return markdownTable(head, rows);
}

/** Accuracy, loss and its interval at each time on the first images of a run. */
function firstImages(argument: string, first: number): { times: string[]; cells: string[] } {
  const [label = "", folder = ""] = argument.split("=");
  const text = readFileSync(join(folder.split(",")[0] ?? "", "predictions.csv"), "utf8");
  const [head = "", ...lines] = text.trim().split("\n");
  const images = lines.slice(0, first).map((line) => line.split(",").map(Number));
  const right = (column: number) => images.map((image) => image[column] === image[1]);
  const share = (column: number) => (100 * right(column).filter(Boolean).length) / images.length;
  const times = head.split(",").slice(3);
  const cells = times.map((_, at) => {
    const [network, snn] = [right(2), right(3 + at)];
    const lost = network.filter((is, image) => is && !snn[image]).length;
    const won = snn.filter((is, image) => is && !network[image]).length;
    const interval = pairedInterval(lost, won, images.length).map((bound) => signed(bound, 1));
    return `${share(3 + at).toFixed(1)}: ${signed((100 * (lost - won)) / images.length, 1)} [${interval.join(", ")}]`;
  });
  return { times, cells: [label, String(images.length), share(2).toFixed(1), ...cells] };
}

function printFirst(folders: readonly string[], first: number): void {
  const rows = folders.map((argument) => firstImages(argument, first));
  const times = (rows[0]?.times ?? []).map((name) => name.replace(/^t/, "T = "));
  const head = ["network", "n", "network's accuracy", ...times];
  console.log(
    markdownTable(
      head,
      rows.map(({ cells }) => cells),
    ),
  );
}

const { values: flags, positionals } = parseArgs({
  options: { first: { type: "string" } },
  allowPositionals: true,
});
if (flags.first !== undefined) printFirst(positionals, Number(flags.first));
const runs = flags.first === undefined ? positionals.flatMap((argument) => readRun(argument) ?? []) : [];
if (runs.length > 0) {
  console.log(accuracyTable(runs));
  console.log(`\n${costTable(runs)}\n`);
  for (const { label, commands, compensation } of runs) {
    console.log(`* ${label}: ${commands.map((command) => `\`${command}\``).join(", then ")}`);
    for (const { name, kappa, before, after } of compensation?.factors ?? []) {
      const { criterion, images } = compensation as CompensationReport;
      console.log(`  * ${name}: factor ${kappa}, ${criterion} on ${images} images ${before} → ${after}`);
    }
  }
}
