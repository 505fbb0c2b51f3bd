/**
 * What an evaluation found: the `result` of `evaluate`, written as results.json.
 *
 * Knows: names and units of the contract. May not know: how they are computed or drawn.
 * Accuracies and losses in percent and points; spikes and operations are means per image.
 */
import type { EarlyExitPromise } from "./early-exit/early-exit-setup.js";

export interface EvaluatedStep {
  readonly t: number;
  readonly correct: number;
  readonly n: number;
  readonly accuracy: number;
  readonly top5: number | null;
  /** ANN accuracy − SNN accuracy in points; null with --no-ann, as the next three. */
  readonly loss: number | null;
  readonly annOnly: number | null;
  readonly snnOnly: number | null;
  readonly lossCi95: readonly [low: number, high: number] | null;
  /** Σ|s|, as in layers; operations are Σ|s| × fan-out. */
  readonly spikes: number;
  readonly sopStructural: number;
  readonly sopEffective: number;
  /** Only where layers refine: spikes that are not 0, each counted once whatever its size, and sopEffective counted so. */
  readonly events?: number;
  readonly sopEvents?: number;
}

export interface EvaluatedLayer {
  readonly name: string;
  readonly neurons: number;
  /** Mean spikes per image. */
  readonly spikes: number;
  /** Only where layers refine, as in `at`. */
  readonly events?: number;
  readonly sopEvents?: number;
  /** Mean of |N|/T over images and neurons; the largest. Where layers refine, of N·q_T, what was told over λ. */
  readonly rate: number;
  readonly maxRate: number;
  readonly sopStructural: number;
  readonly sopEffective: number;
  /** Pearson, between N/T and min(a, λ)/λ (where layers refine N·q_T and min(a, c·λ)/λ, c·λ the most T steps can tell); null where either is constant or with --no-ann. */
  readonly correlation: number | null;
  readonly meanAbsError: number | null;
  /** Shares of (image, neuron) with |N| = T (where layers refine the largest N of T steps) and with N = 0. */
  readonly saturated: number;
  readonly silent: number;
}

export interface EnergyEstimate {
  readonly convention: string;
  readonly unitsPJ: Readonly<Record<string, number>>;
  readonly annUJ: number;
  readonly annEffectiveUJ: number | null;
  readonly snnUJ: number;
  readonly snnFirstLayerEachStepUJ: number;
  readonly snnWithNeuronUpdatesUJ: number;
}

export interface EvaluationCost {
  readonly neurons: number;
  readonly neuronUpdates: number;
  readonly firstLayerMacs: number;
  readonly firstLayerMacsAllSteps: number;
  readonly readoutOps: number;
  readonly annMacs: number;
  readonly annMacsPadded: number;
  readonly annMacsEffective: number | null;
  readonly energy: readonly EnergyEstimate[];
}

/** What `--early-exit` did; spikes and operations are means per image, up to where it stopped. */
export interface EarlyExitResult extends EarlyExitPromise {
  /** Of `measuredOn` evaluated images that were run to T as well: the share whose decision when it stopped is another. */
  readonly measuredShare: number | null;
  /** Clopper and Pearson's 95 % interval of that share. */
  readonly measuredCi95: readonly [low: number, high: number] | null;
  readonly measuredOn: number;
  readonly differing: number;
  /** Mean of the steps at which images stopped, over all images. */
  readonly meanT: number;
  /** Times at which images may stop, the margin they have to exceed (null at T), and how many did stop. */
  readonly times: readonly {
    readonly t: number;
    readonly threshold: number | null;
    readonly images: number;
  }[];
  readonly accuracy: number;
  readonly loss: number | null;
  readonly lossCi95: readonly [low: number, high: number] | null;
  readonly spikes: number;
  readonly sopStructural: number;
  readonly sopEffective: number;
  /** The same of the images that were run to T, there. */
  readonly full: {
    readonly n: number;
    readonly accuracy: number;
    readonly spikes: number;
    readonly sopStructural: number;
    readonly sopEffective: number;
  } | null;
}

export interface EvaluationResult {
  readonly complete: boolean;
  readonly data: {
    readonly name: string;
    readonly split: string;
    readonly n: number;
    readonly indicesSha256: string;
  };
  readonly ann: {
    readonly correct: number;
    readonly n: number;
    readonly accuracy: number;
    readonly top5: number | null;
  } | null;
  readonly snn: {
    readonly T: number;
    /** Spike alphabets of the layers: `binary`, `burst:4`; several joined by `+`. */
    readonly alphabet: string;
    /** T that something of the SNN was made for; null, or missing in results of before, where any T fits. */
    readonly madeForT?: number | null;
    readonly at: readonly EvaluatedStep[];
  };
  readonly layers: readonly EvaluatedLayer[];
  readonly cost: EvaluationCost;
  readonly run: {
    readonly backend: string;
    readonly threads: number;
    readonly number: string;
    readonly kernels: Readonly<Record<string, string>>;
    readonly imagesPerSecond: number | null;
  };
  readonly options: Readonly<Record<string, unknown>>;
  /** With --early-exit. `snn.at` then counts a stopped image with what it said and spent when it stopped. */
  readonly earlyExit?: EarlyExitResult;
  /** With --hash. */
  readonly spikeHash?: string;
}
