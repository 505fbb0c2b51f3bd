/**
 * Accuracy, loss and operations of presets at few steps, on all test images.
 *
 *   node dist-dev/scripts/measure-few-steps.js [--presets paper,binary,signed,refine] [--steps 2,3,4,6,8,16,32,64]
 *     [--only TEXT] [--n N] [--threads N] [--minutes M] [--out local/measure/few-steps] [--rows measured/few-steps]
 *     [--table] [--commands] [--write] [--convert] [--counted FOLDER]
 *
 * A preset whose thresholds belong to one T is converted for each T; another once, for 350 steps, and read at all of them. What is
 * cheap comes first. Each conversion and evaluation is kept in `--out`, each finished row in `--rows`; called again, the script goes on where it
 * stopped, in the middle of an evaluation too. `--minutes` stops it by itself. It prints the table of everything
 * there is, and refuses a row whose preset has changed since; `--table` prints it without measuring, `--commands` adds the commands that make each row, `--write` puts that of all test images into docs/few-steps.md.
 *
 * `--convert` makes the SNNs alone, in `--out`; `--counted` takes what scripts/gpu/count_on_gpu.py counted of them in place of evaluating
 * here. Both count the same whole numbers, so that a row does not tell which did; the commands of a row give them too.
 *
 * The network itself is run once, with its first piece, which at few steps takes longer than the spikes; its decisions are kept in
 * NETWORK.network.N.csv (a run's predictions.csv), and losses of the other pieces are paired with them.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nameFit, resolveConvertOptions } from "#src/conversion/convert-options.js";
import { presets } from "#src/conversion/presets/preset-list.js";
import { hashText, stableJson } from "#src/core/sha256.js";
import { isMadeForOneT } from "#src/graph/made-for-steps.js";
import type { Snn } from "#src/graph/snn.js";
import { nameAlphabets } from "#src/graph/spike-sources.js";
import { convert } from "#src/library/convert.js";
import { evaluate } from "#src/library/evaluate.js";
import { inspect } from "#src/library/inspect.js";
import { loadModel } from "#src/library/load-model.js";
import { loadSnn, saveSnn } from "#src/library/snn-files.js";
import { writeWholeFile } from "#src/node/write-whole-file.js";
import { type FewStepsPage, type FewStepsRow, renderFewSteps } from "./few-steps-page.js";
import {
  modelPath,
  type PublishedNetwork,
  publishedNetworks,
  readEarlier,
  writeJson,
} from "./measure-support.js";
import { pairLosses } from "./pair-losses.js";
import { readCounted } from "./read-counted.js";

const { values: flags } = parseArgs({
  options: {
    presets: { type: "string", default: "paper,binary,signed,refine" },
    steps: { type: "string", default: "2,3,4,6,8,16,32,64" },
    only: { type: "string", default: "" },
    n: { type: "string" },
    threads: { type: "string" },
    minutes: { type: "string" },
    out: { type: "string", default: "local/measure/few-steps" },
    rows: { type: "string", default: "measured/few-steps" },
    table: { type: "boolean", default: false },
    commands: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    convert: { type: "boolean", default: false },
    counted: { type: "string" },
  },
});

const files = [
  "cifar10-resnet20.th",
  "cifar10-resnet32.th",
  "cifar10-resnet44.th",
  "cifar10-resnet56.th",
  "cifar10-resnet110.safetensors",
  "cifar100-resnet32.safetensors",
];
const longT = 350;
type Signal = AbortSignal | undefined;
const steps = flags.steps.split(",").map(Number);
const threads = flags.threads === undefined ? undefined : Number(flags.threads);
const n = flags.n === undefined ? ("all" as const) : Number(flags.n);

/** One conversion and its evaluation. */
interface Piece {
  readonly network: PublishedNetwork;
  readonly preset: string;
  readonly T: number;
  /** Steps at which it is read. */
  readonly at: readonly number[];
}

/** What is kept of a piece. */
interface Measured extends FewStepsRow {
  /** Of what decides the SNN; a row of another recipe by the same name is measured anew. */
  readonly recipe: string;
  readonly commands: readonly string[];
}

if (flags.write && n !== "all") throw new Error("--write is of all test images: leave --n out");

/** What a preset stands for at T, and how layers are fitted to it. */
function hashRecipe({ preset, T }: Pick<Measured, "preset" | "T">): string {
  const { options, delay, readout } = findPreset(preset, T);
  return hashText(stableJson({ options, delay, fit: nameFit({ readout, delay, T }) })).slice(0, 16);
}

function findPreset(preset: string, T: number) {
  const found = presets.find(({ name }) => name === preset);
  if (found === undefined) throw new Error(`no preset '${preset}'`);
  return { options: found.options, ...resolveConvertOptions({ preset, T }) };
}

const nameOf = ({ network, preset, T }: Piece) => `${network.file.replace(/\..*$/, "")}-${preset}-${T}`;
const pathOf = (piece: Piece) => join(flags.rows, `${nameOf(piece)}.${n}.json`);

/** Pieces by network, the shortest first. */
function listPieces(): readonly Piece[] {
  return files
    .map((file) => publishedNetworks.find((each) => each.file === file))
    .filter((network) => network?.file.includes(flags.only))
    .flatMap((network) => (network === undefined ? [] : piecesOf(network)));
}

function piecesOf(network: PublishedNetwork): readonly Piece[] {
  const pieces = flags.presets.split(",").flatMap((preset) => {
    if (!presets.some(({ name }) => name === preset)) throw new Error(`no preset '${preset}'`);
    if (!isMadeForOneT(resolveConvertOptions({ preset })))
      return [{ network, preset, T: longT, at: [...steps, longT] }];
    return steps.map((T) => ({ network, preset, T, at: [T] }));
  });
  return pieces.sort((a, b) => a.T - b.T);
}

function commandsOf(piece: Piece): readonly string[] {
  const { network, preset, T, at } = piece;
  const made = `runs/${nameOf(piece)}`;
  return [
    `npx respike convert ../shared/models/${network.file} --preprocess ${network.preprocess} --preset ${preset} -T ${T} -o ${made}.snn.safetensors`,
    `npx respike evaluate ${made}.snn.safetensors --at ${at.join(",")}${n === "all" ? "" : ` --n ${n}`} --out ${made}`,
  ];
}

/** Whether a run folder was begun without the network; undefined where there is none. A run goes on as it was begun. */
function isBegunWithout(out: string): boolean | undefined {
  const config = readEarlier<{ readonly flags?: { readonly noAnn?: boolean } }>(join(out, "config.json"));
  return config === undefined ? undefined : config.flags?.noAnn === true;
}

async function convertOnce({ network, preset, T }: Piece, saved: string, signal: Signal): Promise<void> {
  if (existsSync(saved)) return;
  const model = await loadModel(modelPath(network.file), { preprocess: network.preprocess });
  const options = { preset, T, calibrate: network.data, certify: "off", threads, signal } as const;
  const { snn } = await convert(model, options);
  await saveSnn(snn, saved, { force: true });
}

/** Evaluates an SNN here, or takes what was counted elsewhere; undefined where it was not. */
async function count({ network, at }: Piece, name: string, own: string, signal: Signal) {
  const snn = await loadSnn(join(flags.out, `${name}.snn.safetensors`));
  if (flags.counted !== undefined) {
    const counted = readCounted(join(flags.counted, name), at);
    if (counted === undefined) return undefined;
    if (!existsSync(own)) await decideAlone(snn, own, signal);
    const { inspection } = await inspect(modelPath(network.file), { preprocess: network.preprocess });
    return { ...counted, alphabet: nameAlphabets(snn.graph), annMacs: inspection.totals.annMacs };
  }
  const out = join(flags.out, `${name}.${n}`);
  const again = existsSync(out) ? { resume: true } : {};
  const noAnn = isBegunWithout(out) ?? existsSync(own);
  const { result } = await evaluate(snn, { out, ...again, n, at, threads, signal, noAnn });
  const predictions = join(out, "predictions.csv");
  if (!noAnn) await writeWholeFile(own, readFileSync(predictions), { force: true });
  if (!existsSync(own)) throw new Error(`${own} is gone: remove ${out} and measure again`);
  const alphabet = String(result.snn.alphabet);
  return { n: result.data.n, at: result.snn.at, predictions, alphabet, annMacs: result.cost.annMacs };
}

/** The network's own decisions: any SNN of it, evaluated for one step. */
async function decideAlone(snn: Snn, own: string, signal: Signal): Promise<void> {
  const out = own.replace(/\.csv$/, "");
  const again = existsSync(out) ? { resume: true } : {};
  await evaluate(snn, { out, ...again, n, T: 1, at: [1], threads, signal });
  await writeWholeFile(own, readFileSync(join(out, "predictions.csv")), { force: true });
}

async function measure(piece: Piece, signal: Signal): Promise<void> {
  const { network, preset, T } = piece;
  const recipe = hashRecipe(piece);
  const name = `${nameOf(piece)}-${recipe}`;
  await convertOnce(piece, join(flags.out, `${name}.snn.safetensors`), signal);
  if (flags.convert) return;
  const own = join(flags.out, `${network.file.replace(/\..*$/, "")}.network.${n}.csv`);
  const counted = await count(piece, name, own, signal);
  if (counted === undefined) return;
  const { accuracy, losses } = pairLosses(own, counted.predictions, counted.n);
  const measured: Measured = {
    recipe,
    file: network.file,
    preset,
    T,
    n: counted.n,
    ann: accuracy,
    alphabet: counted.alphabet,
    at: counted.at.map((each) => {
      const paired = losses(each.t);
      return { ...each, n: counted.n, accuracy: (100 * paired.correct) / counted.n, ...paired };
    }),
    annMacs: counted.annMacs,
    commands: commandsOf(piece),
  };
  await writeJson(pathOf(piece), measured);
}

/** Whether there is a row, of the recipe that the preset is now. */
function isMeasured(piece: Piece): boolean {
  const row = readEarlier<Measured>(pathOf(piece));
  if (row === undefined) return false;
  const isSame = row.recipe === hashRecipe(row);
  if (!isSame) console.error(`${nameOf(piece)}: the preset has changed since, measured anew`);
  return isSame;
}

/** Every row that is kept, in the order of networks, presets and T. */
function readRows(): readonly Measured[] {
  const order = presets.map(({ name }) => name);
  const ends = `.${n}.json`;
  return readdirSync(flags.rows)
    .filter((name) => name.endsWith(ends))
    .map((name) => {
      const row = JSON.parse(readFileSync(join(flags.rows, name), "utf8")) as Measured;
      if (row.recipe !== hashRecipe(row)) throw new Error(`${name} is of another recipe: measure it anew`);
      return row;
    })
    .sort(
      (a, b) =>
        files.indexOf(a.file) - files.indexOf(b.file) ||
        order.indexOf(a.preset) - order.indexOf(b.preset) ||
        a.T - b.T,
    );
}

const page = join("docs", "few-steps.md");
const pictures = join("docs", "few-steps");
const marks = ["<!-- measured -->", "<!-- /measured -->"] as const;

/** Between its two marks the page is written anew, and its plots. */
async function writePage({ text: table, plots }: FewStepsPage): Promise<void> {
  const text = readFileSync(page, "utf8");
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from === undefined || to === undefined || from < 0 || to < from)
    throw new Error(`${page} has no ${marks.join(" … ")}`);
  const written = `${text.slice(0, from + marks[0].length)}\n${table}\n${text.slice(to)}`;
  mkdirSync(pictures, { recursive: true });
  for (const [name, svg] of plots) await writeWholeFile(join(pictures, name), svg, { force: true });
  await writeWholeFile(page, written, { force: true });
}

mkdirSync(flags.rows, { recursive: true });
const pieces = listPieces();
const signal =
  flags.minutes === undefined ? undefined : AbortSignal.timeout(Math.round(Number(flags.minutes) * 60_000));
for (const piece of flags.table ? [] : pieces) {
  if (isMeasured(piece)) continue;
  const start = performance.now();
  try {
    await measure(piece, signal);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    console.error(`${nameOf(piece)}: time is up; the same command goes on here`);
    break;
  }
  console.error(`${nameOf(piece)}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
const measured = readRows();
const rendered = await renderFewSteps(measured, "few-steps");
console.log(rendered.text);
if (flags.commands) for (const { commands } of measured) console.log(`\n    ${commands.join("\n    ")}`);
if (flags.write) await writePage(rendered);
