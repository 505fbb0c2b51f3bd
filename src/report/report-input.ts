/**
 * What a report is made of.
 *
 * Knows: the results of `convert` and `evaluate` by their fields. May not know: how they came about.
 */
import type { Certificate } from "../evaluation/diagnosis/certificate.js";
import type { EvaluationResult } from "../evaluation/evaluation-result.js";

export interface ReportedPass {
  readonly name: string;
  readonly preserves?: unknown;
  readonly maxAbsDiff?: number | null;
  readonly maxRelDiff?: number | null;
  readonly tolerance?: number | null;
  readonly images?: number | null;
}

export interface ReportedLayer {
  readonly name: string;
  readonly lambdaOut?: number | readonly number[] | null;
  readonly kappa?: number | null;
  readonly number?: string;
}

/** The `result` of `convert`, as far as a report shows it; every part may be missing. */
export interface ReportedConversion {
  readonly snn?: { readonly sha256?: string; readonly bytes?: number };
  readonly model?: {
    readonly sha256?: string;
    readonly format?: string;
    readonly arch?: string | null;
    readonly inputShape?: readonly number[];
    readonly classes?: number;
  };
  readonly preprocessing?: unknown;
  readonly calibration?: unknown;
  readonly passes?: readonly ReportedPass[];
  readonly layers?: readonly ReportedLayer[];
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ReportInput {
  readonly results: EvaluationResult & { readonly convert?: unknown };
  readonly conversion?: ReportedConversion;
  /** The exact command, one word an entry: `["respike", "evaluate", …]`. */
  readonly command: readonly string[];
  /** Heads the page: the model's name. Default: from the data and the conversion. */
  readonly title?: string;
  /** The toolkit's version. */
  readonly version?: string;
  /** The resolved set of flags, as `config.json` has it. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** The SNN's provenance, as saved in its file. */
  readonly provenance?: Readonly<Record<string, unknown>>;
  /** What the SNN was certified to do, where it was. */
  readonly certificate?: Certificate | undefined;
  /** More hashes by what they are of. */
  readonly hashes?: Readonly<Record<string, string>>;
  readonly warnings?: readonly { readonly code: string; readonly where: string; readonly message: string }[];
}
