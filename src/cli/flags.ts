/**
 * Flags as data: how each is written, read, checked and explained.
 *
 * Knows: texts on the command line. May not know: what a flag's value does.
 *
 * A flag's key is its name in camelCase, as in a `--config` file and in the library's
 * options: `calibrateN` is `--calibrate-n`; `T` and `o` have one dash: `-T`.
 */
export interface Flag<T> {
  /** What to write after the name, for help; empty for a switch. */
  readonly placeholder: string;
  readonly description: string;
  /** The default in words, for help. */
  readonly shownDefault?: string | undefined;
  /** Words that are allowed, for suggestions. */
  readonly choices?: readonly string[] | undefined;
  /** Other words for them, which are not allowed but suggest the choice that is meant. */
  readonly synonyms?: Readonly<Record<string, string>> | undefined;
  /** The value of a text; throws an Error that says what is wanted. */
  readonly parse: (text: string) => T;
}

// biome-ignore lint/suspicious/noExplicitAny: the element type of a heterogeneous table
export type FlagTable = Readonly<Record<string, Flag<any>>>;
export type FlagValues<F extends FlagTable> = {
  readonly [K in keyof F]?: F[K] extends Flag<infer T> ? T : never;
};

export interface FlagText {
  readonly description: string;
  readonly shownDefault?: string;
}

export function switchFlag(text: FlagText): Flag<boolean> {
  return {
    ...text,
    placeholder: "",
    parse: (value) => {
      if (value !== "true" && value !== "false") throw new Error("a switch takes no value");
      return value === "true";
    },
  };
}

export function textFlag(placeholder: string, text: FlagText): Flag<string> {
  return {
    ...text,
    placeholder,
    parse: (value) => {
      if (value === "") throw new Error("a text that is not empty");
      return value;
    },
  };
}

export function choiceFlag<const C extends string>(
  choices: readonly C[],
  text: FlagText & { readonly synonyms?: Readonly<Record<string, C>> },
): Flag<C> {
  return {
    ...text,
    placeholder: choices.join("|"),
    choices,
    parse: (value) => {
      if (!(choices as readonly string[]).includes(value)) throw new Error(`one of ${choices.join(", ")}`);
      return value as C;
    },
  };
}

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function checkNumber(value: string, { min = -Infinity, max = Infinity }: Bounds, whole: boolean): number {
  const pattern = whole ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const number = Number(value);
  if (!pattern.test(value) || !Number.isFinite(number) || number < min || number > max) {
    const range =
      min === -Infinity && max === Infinity
        ? ""
        : max === Infinity
          ? ` of ${min} or more`
          : ` from ${min} to ${max}`;
    throw new Error(`a ${whole ? "whole " : ""}number${range}`);
  }
  return number;
}

export function integerFlag(bounds: Bounds, text: FlagText): Flag<number> {
  return { ...text, placeholder: "N", parse: (value) => checkNumber(value, bounds, true) };
}

export function numberFlag(placeholder: string, bounds: Bounds, text: FlagText): Flag<number> {
  return { ...text, placeholder, parse: (value) => checkNumber(value, bounds, false) };
}

export function numberListFlag(
  placeholder: string,
  bounds: Bounds & { readonly whole?: boolean },
  text: FlagText,
): Flag<readonly number[]> {
  return {
    ...text,
    placeholder,
    parse: (value) => value.split(",").map((part) => checkNumber(part.trim(), bounds, bounds.whole ?? false)),
  };
}

/** A whole number, 1 or more unless said otherwise, or the word `all`. */
export function countFlag(text: FlagText, min = 1): Flag<number | "all"> {
  return {
    ...text,
    placeholder: "N|all",
    parse: (value) => {
      if (value === "all") return value;
      try {
        return checkNumber(value, { min }, true);
      } catch {
        throw new Error(`a whole number of ${min} or more, or 'all'`);
      }
    },
  };
}

/** A text of a given form. */
export function patternFlag(
  placeholder: string,
  pattern: RegExp,
  wanted: string,
  text: FlagText,
): Flag<string> {
  return {
    ...text,
    placeholder,
    parse: (value) => {
      if (!pattern.test(value)) throw new Error(wanted);
      return value;
    },
  };
}
