/**
 * What a reproduction found: the `result` of `reproduce`, written as results.json.
 *
 * Knows: names and units. May not know: how rows were run, how they are drawn.
 * Accuracies in percent, losses and gains in points; spikes and operations are means per image.
 */
import type { EnergyEstimate } from "../../evaluation/evaluation-result.js";

export type Interval = readonly [low: number, high: number];

/** Numbers of the article, or of others where they are quoted. */
export interface PublishedNumbers {
  readonly network?: number;
  readonly snn?: number;
  readonly loss?: number;
}

/** The weights that a row was run with. */
export interface UsedNetwork {
  readonly file: string;
  readonly sha256: string;
  /** `resnet20, option P` */
  readonly arch: string;
  /** Where they come from, in words. */
  readonly origin: string;
}

export interface RowMeasurement {
  readonly n: number;
  /** Of the spikes: `binary`, `signed`, … */
  readonly alphabet: string;
  readonly network: number;
  readonly networkCi95: Interval;
  readonly snn: number;
  readonly snnCi95: Interval;
  readonly loss: number;
  readonly lossCi95: Interval;
  /** Null where a record of an earlier run has none, as `sopStructural`. */
  readonly spikes: number | null;
  readonly sopEffective: number;
  readonly sopStructural: number | null;
  readonly annMacs: number;
  readonly energy: readonly EnergyEstimate[];
  /** Factors of the compensation, where one was searched. */
  readonly compensation: string | null;
}

export interface ReproducedRow {
  readonly id: string;
  /** Rows of one part stand in one table. */
  readonly part: string;
  readonly data: string;
  /** `ResNet-44` */
  readonly name: string;
  readonly family: "resnet" | "plain";
  readonly depth: number;
  /** Whether the row says anything of the network alone: of its SNN one step was run, for nothing. */
  readonly isNetworkAlone: boolean;
  /** How it was converted, in words, and as flags of `respike convert`. */
  readonly recipe: string;
  readonly method: string;
  readonly flags: string;
  readonly T: number;
  readonly network: UsedNetwork | null;
  readonly published: PublishedNumbers | null;
  readonly measured: RowMeasurement | null;
  /** Why there is no measurement. */
  readonly because: string | null;
  /** Name of the run folder among the jobs. */
  readonly run: string | null;
}

/** A number that others published on networks of their own. */
export interface QuotedNumbers {
  readonly method: string;
  readonly network: string;
  readonly data: string;
  readonly published: PublishedNumbers;
  readonly source: string;
}

export type Verdict = "confirmed" | "differs" | "not run";

/** An experiment about a claim that changes its recipe or its network. */
export interface JudgedExplanation {
  /** What was changed. */
  readonly difference: string;
  readonly outcome:
    | "explains it"
    | "goes part of the way"
    | "does not explain it"
    /** Of a confirmed claim: whether it comes out with the change all the same. */
    | "comes out too"
    | "does not come out"
    /** The claim's own rows were not run. */
    | "measured instead"
    | "not run";
  readonly measured: number | null;
  readonly ci95: Interval | null;
  readonly sentence: string;
}

export interface JudgedClaim {
  readonly id: string;
  /** The article's claim. */
  readonly says: string;
  readonly published: number | null;
  readonly measured: number | null;
  readonly ci95: Interval | null;
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly explanations: readonly JudgedExplanation[];
}

export interface ExperimentResult {
  readonly id: string;
  readonly title: string;
  /** What the article shows there. */
  readonly says: string;
  readonly rows: readonly ReproducedRow[];
  readonly claims: readonly JudgedClaim[];
  readonly quoted: readonly QuotedNumbers[];
}

export interface ReproductionResult {
  readonly target: string;
  readonly quick: boolean;
  /** Test images of each row, unless a row says fewer. */
  readonly n: number | "all";
  /** Whether every row that can be run was. */
  readonly complete: boolean;
  readonly experiments: readonly ExperimentResult[];
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Rows left out of this run, and files that are no networks of use, with the reason. */
  readonly notes: readonly string[];
}
