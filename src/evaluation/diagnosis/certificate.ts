/**
 * What a conversion says of itself: the certificate that is saved with a spiking network.
 *
 * Knows: its fields (docs/snn-format.md). May not know: how they are measured.
 */
import type { PassReport } from "../../conversion/pass.js";
import type { StepPrediction } from "./predict-steps.js";

/** Right answers beside the network's on the same images; percent and points. */
export interface CertifiedAccuracy {
  readonly correct: number;
  readonly accuracy: number;
  /** Network − spiking network, and its paired 95 % interval. */
  readonly loss: number;
  readonly lossCi95: readonly [number, number];
  /** ε of the outputs; null where the network's are all equal. */
  readonly epsilon: number | null;
  /** Percent of the images put into another class than the network does. */
  readonly disagreement: number;
}

export interface CertifiedStep {
  readonly t: number;
  readonly epsilon: number | null;
  readonly disagreement: number;
  /** Of the same images moved as in training. */
  readonly disagreementMoved: number;
}

export interface Certificate {
  readonly schema: "respike.certificate/1";
  /** Largest difference that each pass made; null where the conversion was not watched. */
  readonly passes:
    | readonly Pick<PassReport, "name" | "preserves" | "maxAbsDiff" | "maxRelDiff" | "images">[]
    | null;
  /** Training images that no choice of the conversion has seen. */
  readonly images: {
    readonly data: string;
    readonly split: "train";
    readonly n: number;
    readonly indicesSha256: string;
    readonly seed: number;
  };
  readonly network: { readonly correct: number; readonly accuracy: number };
  /** T → ∞: each ReLU clipped at λ, shortcuts as converted, no spikes. */
  readonly limit: CertifiedAccuracy;
  readonly atT: CertifiedAccuracy & {
    readonly T: number;
    /** Standard error of ε over the images; null of a single image or without ε, missing in older certificates. */
    readonly epsilonError?: number | null;
    readonly disagreementMoved: number;
  };
  /** Thresholds, currents or potentials were made for one T: the prediction judges `atT.T` alone. */
  readonly forOneT?: true;
  /** The T that they were made for, where it is not `atT.T`. */
  readonly madeForT?: number;
  /** The prediction's rule was checked for other recipes, not for this. */
  readonly unchecked?: true;
  /** What the prediction was read off. */
  readonly steps: readonly CertifiedStep[];
  readonly prediction: readonly StepPrediction[];
}
