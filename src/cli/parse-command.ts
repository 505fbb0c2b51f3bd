/**
 * Turns words into a call: arguments and checked flag values.
 *
 * Knows: flag tables, the `--config` file's shape, precedence flag > config.
 * May not know: verbs' meaning. All problems of a command are named in one error.
 */

import { flagName } from "../core/flag-name.js";
import { type Problem, refuseUsage } from "../core/respike-error.js";
import type { FlagTable, FlagValues } from "./flags.js";
import { nearestWord } from "./nearest-word.js";

export interface ParsedCommand<F extends FlagTable> {
  readonly arguments: readonly string[];
  readonly values: FlagValues<F>;
}

interface RawFlags {
  readonly positional: string[];
  readonly texts: Map<string, string>;
  readonly problems: Problem[];
}

/**
 * @param words after the verb
 * @throws RespikeError (exit 2) naming every unknown flag with the nearest known one, every missing or bad value
 */
export function parseCommand<F extends FlagTable>(words: readonly string[], flags: F): ParsedCommand<F> {
  const { positional, texts, problems } = splitWords(words, flags);
  const values = checkValues(texts, flags, problems);
  if (problems.length > 0) throw refuseUsage(problems);
  return { arguments: positional, values };
}

const commandLineOnly = ["config", "help", "version"];

/** Values of a `--config` document: the flags' names in camelCase. */
export function parseConfig<F extends FlagTable>(document: unknown, flags: F, where: string): FlagValues<F> {
  if (document === null || typeof document !== "object" || Array.isArray(document)) {
    throw refuseUsage(usageProblem(where, "a JSON object of flags", typeof document, 'write {"threads": 2}'));
  }
  const problems: Problem[] = [];
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(document)) {
    if (commandLineOnly.includes(key)) {
      const rule = `${commandLineOnly.join(", ")} stand on the command line`;
      problems.push(usageProblem(`${where}: ${key}`, rule, "in the file", "take it out"));
    } else if (!Object.hasOwn(flags, key)) {
      problems.push(unknownFlag(`${where}: ${key}`, key, Object.keys(flags)));
    } else if (Array.isArray(value) ? value.every(isScalar) : isScalar(value)) {
      texts.set(key, Array.isArray(value) ? value.join(",") : String(value));
    } else {
      problems.push(
        usageProblem(
          `${where}: ${key}`,
          "a text, number, boolean or list of them",
          JSON.stringify(value),
          "see --help",
        ),
      );
    }
  }
  const values = checkValues(texts, flags, problems);
  if (problems.length > 0) throw refuseUsage(problems);
  return values;
}

const isScalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);

function splitWords(words: readonly string[], flags: FlagTable): RawFlags {
  const keyOf = new Map(Object.keys(flags).map((key) => [flagName(key), key]));
  // one dash or two make no difference for a single letter
  for (const key of Object.keys(flags)) if (key.length === 1) keyOf.set(`-${key}`, key).set(`--${key}`, key);
  const raw: RawFlags = { positional: [], texts: new Map(), problems: [] };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === "--") {
      raw.positional.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-" || /^-\.?\d/.test(word)) {
      raw.positional.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const key = keyOf.get(name);
    if (key === undefined) {
      raw.problems.push(unknownFlag(name, name, [...keyOf.keys()]));
      const following = words[at + 1];
      if (equals < 0 && following !== undefined && !following.startsWith("-")) at++;
      continue;
    }
    const isSwitch = flags[key]?.placeholder === "";
    const following = words[at + 1];
    if (equals >= 0) raw.texts.set(key, word.slice(equals + 1));
    else if (isSwitch) raw.texts.set(key, "true");
    else if (following === undefined || keyOf.has(following.split("=", 1)[0] as string)) {
      raw.problems.push(missingValue(name, flags[key]?.placeholder));
    } else raw.texts.set(key, words[++at] as string);
  }
  return raw;
}

const missingValue = (name: string, placeholder: string | undefined) =>
  usageProblem(name, `takes a value (${placeholder})`, "none given", `write ${name} ${placeholder}`);

function checkValues<F extends FlagTable>(
  texts: ReadonlyMap<string, string>,
  flags: F,
  problems: Problem[],
): FlagValues<F> {
  const values: Record<string, unknown> = {};
  for (const [key, text] of texts) {
    const flag = flags[key];
    if (flag === undefined) continue;
    try {
      values[key] = flag.parse(text);
    } catch (error) {
      const wanted = error instanceof Error ? error.message : String(error);
      const near = suggestChoice(text, flag);
      const next = near === undefined ? `give ${wanted}` : `did you mean '${near}'?`;
      problems.push(usageProblem(flagName(key), `wants ${wanted}`, `'${text}'`, next));
    }
  }
  return values as FlagValues<F>;
}

/** The choice that a synonym stands for, else the one that is spelt most alike. */
function suggestChoice(text: string, { choices = [], synonyms = {} }: FlagTable[string]) {
  const meant = new Map(Object.entries(synonyms)).get(text.toLowerCase());
  return meant ?? nearestWord(text, choices);
}

function unknownFlag(where: string, name: string, known: readonly string[]): Problem {
  const near = nearestWord(name, known);
  return {
    code: "unknown-flag",
    where,
    rule: "flags are those that --help lists",
    value: `'${name}' is unknown`,
    next: near === undefined ? "see --help" : `did you mean '${near}'? see --help`,
  };
}

export function usageProblem(where: string, rule: string, value: string, next: string): Problem {
  return { code: "usage", where, rule, value, next };
}
