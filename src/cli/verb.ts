/**
 * The shape of a verb: what it takes, how it explains itself, what it gives back.
 *
 * Knows: flags, warnings, exit codes. May not know: other verbs.
 */
import type { ProgressEvent } from "../core/progress.js";
import type { Warning } from "../core/respike-error.js";
import type { CommonValues } from "./common-flags.js";
import type { FlagTable, FlagValues } from "./flags.js";

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** What a running verb gets from the command line besides its own flags. */
export interface CallContext {
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
  /** One line for people before the work is done; it goes where progress goes. */
  readonly say: (line: string) => void;
  /** Says in which run folder finished work is kept, for whoever stops the command. */
  readonly keepIn: (folder: string) => void;
  readonly seed: number;
  readonly threads: number;
  readonly cacheDir: string | undefined;
  readonly offline: boolean;
  readonly force: boolean;
  /** The words of the command as typed, `respike` first. */
  readonly command: readonly string[];
}

export interface VerbOutcome {
  /** The envelope's `result`. */
  readonly result: unknown;
  /** The same for people, without a final newline. */
  readonly text: string;
  readonly warnings?: readonly Warning[];
  /** More seconds, by name, for the envelope's `timing`. */
  readonly timing?: Readonly<Record<string, number>>;
}

export interface Verb<F extends FlagTable = FlagTable> {
  readonly name: string;
  /** One line for the list of verbs. */
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  /** One with the name of a common flag takes its place. */
  readonly flags: F;
  /** A paragraph that teaches, then examples: command and what it shows. */
  readonly explanation: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly run: (
    args: readonly string[],
    flags: FlagValues<F> & Omit<CommonValues, keyof F>,
    context: CallContext,
  ) => Promise<VerbOutcome>;
}

/** Checks a verb's own flags against its run function's types, then forgets them for the list of verbs. */
export function defineVerb<F extends FlagTable>(verb: Verb<F>): Verb {
  return verb as unknown as Verb;
}
