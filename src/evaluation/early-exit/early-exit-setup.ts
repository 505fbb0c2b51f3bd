/**
 * What early exit does in one evaluation: promise, thresholds, and which images judge the promise.
 *
 * Knows: plain data that config.json holds. May not know: how thresholds were fitted.
 */
import { randomPermutation } from "../../core/counter-random.js";

/** 1 − risk of every promise. */
export const confidence = 0.95;

/** What is promised, and what it rests on. */
export interface EarlyExitPromise {
  /** P: at most this share of the decisions differs from those at T, at `confidence`, for images of the kind that was fitted on. */
  readonly promisedShare: number;
  readonly confidence: number;
  /** Held-back training images that the thresholds were fitted on. */
  readonly fittedOn: {
    readonly data: string;
    readonly split: "train";
    readonly n: number;
    readonly indicesSha256: string;
  };
  /** Those of them that tested the thresholds: how many differ, the bound of the share that this proves. */
  readonly tested: {
    readonly n: number;
    readonly differing: number;
    readonly upperShare: number;
    readonly meanT: number;
  };
}

export interface EarlyExitSetup extends EarlyExitPromise {
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
