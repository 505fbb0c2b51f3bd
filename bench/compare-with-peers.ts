/**
 * Whether ours is ahead of a peer on the same images, and what the rows of the comparison look like.
 *
 * Knows: decisions and labels. May not know: what made the decisions.
 */
import { comparePredictions } from "#src/evaluation/compare-predictions.js";
import { wilsonInterval } from "#src/evaluation/wilson-interval.js";
import { signed } from "../scripts/measure-support.js";

/** What a neuron may send in a step; only rows of one alphabet are compared. */
export type Alphabet = "binary" | "signed" | "multi-level";

/** Decisions of one method at one T about the first images. */
export interface Decisions {
  readonly name: string;
  readonly alphabet: Alphabet;
  readonly T: number;
  readonly classes: readonly number[];
}

/** What the decisions are measured by: labels and the network's own decisions about the same images. */
export interface Judges {
  readonly labels: readonly number[];
  readonly network: readonly number[];
}

export interface Accuracy {
  readonly n: number;
  /** Percent, with the 95 % interval. */
  readonly accuracy: number;
  readonly ci95: readonly [number, number];
  /** accuracy of the network − accuracy, points, with the paired interval. */
  readonly loss: number;
  readonly lossCi95: readonly [number, number];
}

export interface Comparison {
  readonly peer: Accuracy;
  readonly own: Accuracy;
  /** Ours − peer's, points, with the paired 95 % interval. */
  readonly difference: number;
  readonly ci95: readonly [number, number];
  /** Whether ours has to be ahead: the peer loses more than `largestLoss` points. */
  readonly mustLead: boolean;
  readonly verdict: "ahead" | "level" | "behind" | "not ahead";
}

/** Points that a peer may lose before ours has to be ahead of it. */
export const largestLoss = 1;

export function measureAccuracy(classes: readonly number[], { labels, network }: Judges): Accuracy {
  const n = Math.min(classes.length, labels.length);
  const correct = labels.slice(0, n).filter((label, image) => label === classes[image]).length;
  const [low, high] = wilsonInterval(correct, n);
  const { difference, ci95 } = comparePredictions(network.slice(0, n), classes, labels);
  return {
    n,
    accuracy: (100 * correct) / n,
    ci95: [100 * low, 100 * high],
    loss: difference,
    lossCi95: ci95,
  };
}

/**
 * `behind`: the whole paired interval lies below 0. `not ahead`: the peer loses more than `largestLoss` points and ours
 * has no more right answers. `ahead`: more right answers; else `level`.
 *
 * @throws RangeError for two alphabets or two T
 */
export function compareWithPeer(own: Decisions, peer: Decisions, judges: Judges): Comparison {
  if (own.alphabet !== peer.alphabet)
    throw new RangeError(`${own.alphabet} spikes of ${own.name} beside ${peer.alphabet} of ${peer.name}`);
  if (own.T !== peer.T) throw new RangeError(`T = ${own.T} of ${own.name} beside ${peer.T} of ${peer.name}`);
  const n = Math.min(own.classes.length, peer.classes.length);
  const [mine, theirs] = [own.classes.slice(0, n), peer.classes.slice(0, n)];
  const { difference, ci95 } = comparePredictions(mine, theirs, judges.labels);
  const theirAccuracy = measureAccuracy(theirs, judges);
  const mustLead = theirAccuracy.loss > largestLoss;
  const verdict = ci95[1] < 0 ? "behind" : difference > 0 ? "ahead" : mustLead ? "not ahead" : "level";
  return {
    peer: theirAccuracy,
    own: measureAccuracy(mine, judges),
    difference,
    ci95,
    mustLead,
    verdict,
  };
}

export const holds = ({ verdict }: Comparison) => verdict === "ahead" || verdict === "level";

/** The smallest T from which on the loss stays at or below `bound` points; undefined where it never does. */
export function findEnoughSteps(
  losses: readonly { readonly T: number; readonly loss: number }[],
  bound: number,
): number | undefined {
  const ordered = [...losses].sort((a, b) => b.T - a.T);
  const bad = ordered.findIndex(({ loss }) => loss > bound + 1e-9);
  return (bad < 0 ? ordered.at(-1) : ordered[bad - 1])?.T;
}

const interval = ([low, high]: readonly [number, number]) => `[${signed(low, 1)}, ${signed(high, 1)}]`;

export const comparisonHead = [
  "network",
  "spikes",
  "T",
  "peer",
  "peer, % [95 %]",
  "loses",
  "ours",
  "ours, % [95 %]",
  "loses",
  "ours − peer [paired 95 %]",
  "verdict",
];

export function describeComparison(
  network: string,
  own: Decisions,
  peer: Decisions,
  { peer: theirs, own: mine, difference, ci95, verdict }: Comparison,
): readonly string[] {
  const percent = ({ accuracy, ci95: range }: Accuracy) => `${accuracy.toFixed(1)} ${interval(range)}`;
  return [
    network,
    own.alphabet,
    String(own.T),
    peer.name,
    percent(theirs),
    signed(theirs.loss, 1),
    own.name,
    percent(mine),
    signed(mine.loss, 1),
    `${signed(difference, 1)} ${interval(ci95)}`,
    verdict,
  ];
}

/** One sentence over all comparisons. */
export function describeVerdict(comparisons: readonly Comparison[]): string {
  if (comparisons.length === 0) return "nothing to compare yet";
  const due = comparisons.filter(({ mustLead }) => mustLead);
  const behind = comparisons.filter(({ verdict }) => verdict === "behind");
  const missed = comparisons.filter(({ verdict }) => verdict === "not ahead");
  const rule = `ahead wherever the peer loses more than ${largestLoss} point, nowhere behind by more than the paired interval`;
  const led = due.filter(({ difference }) => difference > 0).length;
  const counts = `${led} of ${due.length} led, ${behind.length + missed.length} of ${comparisons.length} failed`;
  return `${rule}: ${comparisons.every(holds) ? "holds" : "does not hold"} (${counts})`;
}
