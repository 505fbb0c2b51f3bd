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
 * there is; a row whose preset has changed since is measured anew, and `--table` refuses it; `--table` prints it without measuring, `--commands` adds the commands that make each row, `--write` puts that of all test images into docs/few-steps.md.
 *
 * `--convert` makes the SNNs alone, in `--out`, and prints each with its times as scripts/counters take it; `--counted`
 * takes what they counted in place of evaluating here. All count the same whole numbers: the commands of a row give them too.
 *
 * The network itself is run once, with its first piece (for pieces counted elsewhere, beside one step of it), which at few steps takes
 * longer than the spikes; its decisions are kept in NETWORK.network.N.csv (a run's predictions.csv), and losses of the other pieces are
 * paired with them.
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
import { type CountedTime, readCounted } from "./read-counted.js";

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
const steps = flags.steps
  .split(",")
  .map(Number)
  .sort((a, b) => a - b);
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
      return [{ network, preset, T: longT, at: [...steps.filter((t) => t < longT), longT] }];
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

/** What a row is made of. */
interface Counts {
  readonly n: number;
  readonly at: readonly CountedTime[];
  /** Path of predictions.csv. */
  readonly predictions: string;
  readonly alphabet: string;
  readonly annMacs: number;
}

async function evaluateHere({ at }: Piece, name: string, own: string, signal: Signal): Promise<Counts> {
  const out = join(flags.out, `${name}.${n}`);
  const again = existsSync(out) ? { resume: true } : {};
  const noAnn = isBegunWithout(out) ?? existsSync(own);
  const snn = await loadSnn(snnPath(name));
  const { result } = await evaluate(snn, { out, ...again, n, at, threads, signal, noAnn });
  const predictions = join(out, "predictions.csv");
  if (!noAnn) await writeWholeFile(own, readFileSync(predictions), { force: true });
  if (!existsSync(own)) throw new Error(`${own} is gone: remove ${out} and measure again`);
  const alphabet = String(result.snn.alphabet);
  return { n: result.data.n, at: result.snn.at, predictions, alphabet, annMacs: result.cost.annMacs };
}

/** What scripts/counters counted; undefined where they did not. */
async function takeCounted(
  { network, at }: Piece,
  name: string,
  own: string,
  signal: Signal,
): Promise<Counts | undefined> {
  const folder = join(flags.counted ?? "", name);
  if (!existsSync(folder)) return undefined;
  const counted = readCounted(folder, readFileSync(snnPath(name)), at);
  if (counted === undefined) return undefined;
  const snn = await loadSnn(snnPath(name));
  if (!existsSync(own)) await decideAlone(snn, own, name, signal);
  const { inspection } = await inspect(modelPath(network.file), { preprocess: network.preprocess });
  return { ...counted, alphabet: nameAlphabets(snn.graph), annMacs: inspection.totals.annMacs };
}

/** The network's own decisions: an SNN of it, evaluated for one step. */
async function decideAlone(snn: Snn, own: string, name: string, signal: Signal): Promise<void> {
  const out = join(flags.out, `${name}.network.${n}`);
  const again = existsSync(out) ? { resume: true } : {};
  await evaluate(snn, { out, ...again, n, T: 1, at: [1], threads, signal });
  await writeWholeFile(own, readFileSync(join(out, "predictions.csv")), { force: true });
}

const snnPath = (name: string) => join(flags.out, `${name}.snn.safetensors`);

/** What was done with a piece. */
async function measure(piece: Piece, signal: Signal): Promise<string> {
  const name = `${nameOf(piece)}-${hashRecipe(piece)}`;
  if (flags.counted === undefined) await convertOnce(piece, snnPath(name), signal);
  if (flags.convert) return `${snnPath(name)}@${piece.at.join()}`;
  const own = join(flags.out, `${piece.network.file.replace(/\..*$/, "")}.network.${n}.csv`);
  const take = flags.counted === undefined ? evaluateHere : takeCounted;
  const counts = await take(piece, name, own, signal);
  if (counts === undefined) return "not counted";
  await writeJson(pathOf(piece), makeRow(piece, own, counts));
  return "measured";
}

function makeRow(piece: Piece, own: string, counts: Counts): Measured {
  const { accuracy: ann, losses } = pairLosses(own, counts.predictions, counts.n);
  const at = counts.at.map(({ t, top5, ...counted }) => {
    const { correct, annOnly, snnOnly, loss, lossCi95 } = losses(t);
    const { spikes, sopStructural, sopEffective, events, sopEvents } = counted;
    const ofEvents = events === undefined || sopEvents === undefined ? {} : { events, sopEvents };
    const accuracy = (100 * correct) / counts.n;
    const judged = { t, correct, n: counts.n, accuracy, top5, loss, annOnly, snnOnly, lossCi95 };
    return { ...judged, spikes, sopStructural, sopEffective, ...ofEvents };
  });
  const { preset, T, network } = piece;
  const { n: images, alphabet, annMacs } = counts;
  const of = { recipe: hashRecipe(piece), file: network.file, preset, T, n: images, ann, alphabet };
  return { ...of, at, annMacs, commands: commandsOf(piece) };
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
  if (!flags.convert && isMeasured(piece)) continue;
  const start = performance.now();
  try {
    const done = await measure(piece, signal);
    if (flags.convert) console.log(done);
    console.error(`${nameOf(piece)}: ${done}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    console.error(`${nameOf(piece)}: time is up; the same command goes on here`);
    break;
  }
}
if (flags.convert) process.exit();
const measured = readRows();
const rendered = await renderFewSteps(measured, "few-steps");
console.log(rendered.text);
if (flags.commands) for (const { commands } of measured) console.log(`\n    ${commands.join("\n    ")}`);
if (flags.write) await writePage(rendered);
