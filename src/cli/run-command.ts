/**
 * One command from words to exit code; reads as numbered phases.
 *
 * Knows: verbs as data, envelope, progress. May not know: what a verb does.
 */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import {
  describeProblem,
  exitCodes,
  RespikeError,
  refuseUsage,
  type Warning,
} from "../core/respike-error.js";
import { cleanLine, cleanText } from "../report/clean-text.js";
import { joinWarnings } from "../report/join-warnings.js";
import { type CommonValues, commonFlags } from "./common-flags.js";
import { describeFailure, printFailure, printSuccess } from "./envelope.js";
import { nearestWord } from "./nearest-word.js";
import { parseCommand, parseConfig, usageProblem } from "./parse-command.js";
import { printOverview, printVerbHelp } from "./print-help.js";
import { makeProgressReporter, type ProgressReporter } from "./report-progress.js";
import type { CallContext, Verb, VerbOutcome } from "./verb.js";

/** Where a command's words come from and its output goes. */
export interface CommandSurroundings {
  readonly words: readonly string[];
  readonly verbs: readonly Verb[];
  readonly version: string;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Whether stderr is a terminal and colour and cursor movement are allowed. */
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

/** What is known of a command where it fails. */
interface Asked {
  /** Set by `--json`, or by `"json": true` of the config file. */
  json: boolean;
  /** The run folder that the verb keeps finished work in. */
  folder?: string;
}

/** Runs one command. @returns the exit code */
export async function runCommand(around: CommandSurroundings): Promise<number> {
  const asked = { json: around.words.some((word) => word === "--json" || word === "--json=true") };
  try {
    return await runWords(around, asked);
  } catch (error) {
    const { problems, exitCode } = failureOf(error, around.signal, asked);
    const warnings = error instanceof RespikeError ? error.warnings : [];
    if (asked.json) around.writeOut(`${printFailure(problems, warnings)}\n`);
    printWarnings(around, warnings);
    for (const problem of problems) around.writeError(`error: ${cleanText(describeProblem(problem))}\n`);
    return exitCode;
  }
}

async function runWords(around: CommandSurroundings, asked: Asked): Promise<number> {
  const started = performance.now();
  // 1. which verb, or a question about it or all of them
  if (around.words.length === 0) {
    around.writeOut(`${printOverview(around.verbs, around.version)}\n`);
    return exitCodes.usage;
  }
  const [word = "", ...rest] = around.words;
  const answer = answerQuestion(around, word, rest);
  if (answer !== undefined) {
    const { version, words } = around;
    const envelope = { version, command: ["respike", ...words], warnings: [], timing: passed(started) };
    around.writeOut(asked.json ? `${printSuccess({ ...answer, ...envelope })}\n` : `${answer.text}\n`);
    return exitCodes.done;
  }
  const verb = findVerb(word, around.verbs);
  // 2. its flags and arguments
  const { args, values } = await readCall(verb, rest, asked);
  asked.json = values.json ?? asked.json;
  checkArguments(verb, args);
  // 3. the work itself
  const progress = makeProgressReporter(values.progress ?? "auto", around.interactive, around.writeError);
  const context = makeContext(around, values, progress, asked);
  let outcome: VerbOutcome;
  try {
    outcome = await verb.run(args, values, context);
  } finally {
    progress.end();
  }
  // 4. what it found
  printOutcome(around, verb, asked, context, outcome, started);
  return exitCodes.done;
}

const passed = (started: number) => ({ seconds: (performance.now() - started) / 1000 });

/** The text of `--help` or `--version`, of a verb or of the whole; undefined where neither is asked. */
function answerQuestion(around: CommandSurroundings, word: string, rest: readonly string[]) {
  const { verbs, version, words } = around;
  if (word === "help" || words.includes("--help")) {
    const name = word === "help" ? rest.find((other) => !other.startsWith("-")) : word;
    const verb = name === undefined || name.startsWith("-") ? undefined : findVerb(name, verbs);
    const text = verb === undefined ? printOverview(verbs, version) : printVerbHelp(verb);
    return { verb: "help", text, result: { text } };
  }
  if (word !== "--version" && !rest.includes("--version")) return undefined;
  if (!word.startsWith("-")) findVerb(word, verbs);
  return { verb: "version", text: version, result: { version } };
}

function findVerb(word: string, verbs: readonly Verb[]): Verb {
  const verb = verbs.find((candidate) => candidate.name === word);
  if (verb !== undefined) return verb;
  const names = verbs.map((candidate) => candidate.name);
  if (word.startsWith("-")) {
    const rule = "a verb comes first, then its arguments and flags";
    throw refuseUsage(usageProblem("respike", rule, `'${word}'`, `begin with one of ${names.join(", ")}`));
  }
  throw refuseUsage({
    code: "unknown-verb",
    where: "respike",
    rule: `the verb is one of ${names.join(", ")}`,
    value: `'${word}' is unknown`,
    next: `did you mean '${nearestWord(word, names)}'? see respike --help`,
  });
}

async function readCall(verb: Verb, words: readonly string[], asked: Asked) {
  const table = { ...commonFlags, ...verb.flags };
  const { arguments: args, values } = parseCommand(words, table);
  const file = (values as CommonValues).config;
  if (file === undefined) return { args, values: values as CommonValues };
  const document = await readConfig(file);
  asked.json ||= (document as Partial<CommonValues> | null)?.json === true;
  const fromFile = parseConfig(document, table, file);
  return { args, values: { ...fromFile, ...values } as CommonValues };
}

async function readConfig(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new RespikeError(exitCodes.inputRefused, {
      code: "unreadable",
      where: file,
      rule: "--config names a readable file",
      value: error instanceof Error ? error.message : String(error),
      next: "check the path",
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuseUsage(usageProblem(file, "--config is JSON", String(error), 'write {"threads": 2}'));
  }
}

function checkArguments(verb: Verb, args: readonly string[]): void {
  const missing = verb.arguments.filter((argument, at) => argument.required && args[at] === undefined);
  const repeats = verb.arguments.at(-1)?.name.endsWith("…") ?? false;
  const surplus = repeats ? [] : args.slice(verb.arguments.length);
  const next = `see respike ${verb.name} --help`;
  const problems = [
    ...missing.map(({ name, description }) =>
      usageProblem(`respike ${verb.name}`, `needs ${name}: ${description}`, "missing", next),
    ),
    ...surplus.map((word) =>
      usageProblem(
        `respike ${verb.name}`,
        `takes ${verb.arguments.length} argument${verb.arguments.length === 1 ? "" : "s"}`,
        `'${word}' is too many`,
        next,
      ),
    ),
  ];
  if (problems.length > 0) throw refuseUsage(problems);
}

function makeContext(
  around: CommandSurroundings,
  values: CommonValues,
  progress: ProgressReporter,
  asked: Asked,
): CallContext {
  return {
    signal: around.signal,
    onProgress: progress.report,
    say: progress.say,
    keepIn(folder) {
      asked.folder = folder;
    },
    seed: values.seed ?? 0,
    threads: values.threads ?? availableParallelism(),
    cacheDir: values.cacheDir,
    offline: values.offline ?? false,
    force: values.force ?? false,
    command: ["respike", ...around.words],
  };
}

function printOutcome(
  around: CommandSurroundings,
  verb: Verb,
  asked: Asked,
  { command }: CallContext,
  outcome: VerbOutcome,
  started: number,
): void {
  const { result, text, warnings = [] } = outcome;
  printWarnings(around, warnings);
  if (!asked.json) {
    around.writeOut(`${cleanText(text)}\n`);
    return;
  }
  const timing = { ...passed(started), ...outcome.timing };
  const { version } = around;
  around.writeOut(`${printSuccess({ verb: verb.name, version, command, warnings, result, timing })}\n`);
}

function printWarnings({ writeError }: CommandSurroundings, warnings: readonly Warning[]): void {
  for (const { where, message } of joinWarnings(warnings))
    writeError(`warning: ${cleanLine(where)}: ${cleanText(message)}\n`);
}

function failureOf(error: unknown, signal: AbortSignal, { folder }: Asked) {
  if (!signal.aborted || error instanceof RespikeError) return describeFailure(error);
  const terminated = signal.reason !== "SIGINT";
  const problem = {
    code: terminated ? "terminated" : "interrupted",
    where: "respike",
    rule: "the work is not complete",
    value: `stopped by ${String(signal.reason)}`,
    next:
      folder === undefined
        ? "run the same command again; what it keeps is not done again"
        : `finished work is kept in ${folder}: run the same command with --out ${folder} --resume to go on`,
  };
  return { problems: [problem], exitCode: terminated ? exitCodes.terminated : exitCodes.interrupted };
}
