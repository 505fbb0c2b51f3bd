/**
 * What the search for the fewest steps found: the `auto` of a conversion's result, saved in the network's options.
 *
 * Knows: names and units. May not know: how candidates are made, judged or drawn.
 */

/** What a neuron may send in a step: 0 or 1; −1, 0 or 1; more, which is more than one bit. */
export type AlphabetName = "binary" | "signed" | "multi-level";

/**
 * `meets`: on all judging images the upper end of the loss's interval is at most the bound. `rejected`: after `n` of them
 * the lower end is above it. `unproven`: neither, on all. `dearer`: takes more operations than one that meets the bound.
 * `not needed`: looked at for the front alone.
 */
export type AutoVerdict = "meets" | "rejected" | "unproven" | "dearer" | "not needed";

export interface AutoCandidate {
  readonly preset: string;
  readonly T: number;
  readonly alphabet: AlphabetName;
  /** Judging images that it was simulated on. */
  readonly n: number;
  /** Percent of these. */
  readonly accuracy: number;
  /** Network − spiking network on these, in points, and its paired 95 % interval. */
  readonly loss: number;
  readonly lossCi95: readonly [low: number, high: number];
  /** Σ|s| × fan-out without weights equal to 0, mean per image. */
  readonly sop: number;
  readonly verdict: AutoVerdict;
}

export interface AutoResult {
  /** Null where no candidate meets the bound; then nothing is converted. */
  readonly chosen: AutoCandidate | null;
  /** Points that the loss's upper end may have. */
  readonly bound: number;
  readonly minimise: "steps" | "sop";
  /** The alphabet that candidates were restricted to. */
  readonly alphabet: AlphabetName | null;
  /** Held-back training images; `of` are held back. */
  readonly judgedOn: {
    readonly data: string;
    readonly split: "train";
    readonly n: number;
    readonly of: number;
    readonly indicesSha256: string;
  };
  /** On all judging images; its multiply-accumulates for one. */
  readonly network: { readonly correct: number; readonly accuracy: number; readonly macs: number };
  /** Said where the network does as well on these images as one that was trained on them. */
  readonly note: string | null;
  /** In the order in which they were tried. */
  readonly candidates: readonly AutoCandidate[];
}
