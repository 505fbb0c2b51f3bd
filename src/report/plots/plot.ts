/**
 * What a plot is: one definition gives its picture, its sentence and its table.
 *
 * Knows: results and Vega-Lite's specification type. May not know: rendering, pages, files.
 */
import type { TopLevelSpec } from "vega-lite";
import type { EvaluationResult } from "../../evaluation/evaluation-result.js";

/** The same numbers as text, for "show as table" and for readers who do not see. */
export interface PlotTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Plot<Results = EvaluationResult> {
  /** File name without ending, and part of ids in the page. */
  readonly id: string;
  readonly title: string;
  /** How to read it: what marks, bands and lines are; by the results where it differs. */
  readonly key: string | ((results: Results) => string);
  /** Null where the results have nothing to draw (no network evaluated, no steps, no layers). */
  readonly drawSpec: (results: Results) => TopLevelSpec | null;
  /** What the plot shows, in one sentence with its numbers. */
  readonly describe: (results: Results) => string;
  readonly tabulate: (results: Results) => PlotTable;
}

/** Size of a plot of curves, in CSS pixels; small enough to be readable on a phone. */
export const plotSize = { width: 420, height: 285 } as const;

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

/** A part of a specification with its literal types kept, in the writable form Vega-Lite's types want. */
export function specPart<const T>(part: T): Writable<T> {
  return part as Writable<T>;
}
