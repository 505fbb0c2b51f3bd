/**
 * What early exit does in one evaluation: promise, thresholds, and which images judge the promise.
 *
 * Knows: plain data that config.json holds. May not know: how thresholds were fitted.
 */
import { randomPermutation } from "../../core/counter-random.js";

/** 1 − risk of every promise. */
export const confidence = 0.95;

export interface EarlyExitSetup {
  /** P: at most this share of the decisions differs from those at T, at `confidence`. */
  readonly promisedShare: number;
  readonly confidence: number;
  readonly fittedOn: {
    readonly data: string;
    readonly split: "train";
    readonly n: number;
    readonly indicesSha256: string;
  };
  /** Of the fitting images, those that tested the thresholds. */
  readonly tested: {
    readonly n: number;
    readonly differing: number;
    readonly upperShare: number;
    readonly meanT: number;
  };
  /** Times at which an image may stop, and the margins it has to exceed there. */
  readonly times: readonly number[];
  readonly thresholds: readonly number[];
}

/** Images that are run to T as well, to measure the share that differs: at most so many. */
const mostChecked = 1000;

/** Positions among the n evaluated images of those that are run to T as well, ascending. */
export function selectChecked(n: number, seed: number): Uint32Array {
  return randomPermutation(n, seed).slice(0, mostChecked).sort();
}
