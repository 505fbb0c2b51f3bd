/**
 * Thresholds of early exit from simulated trajectories, with a promise that holds for finitely many images.
 *
 * Knows: margins over time, and whether the class then is the one at T. May not know: networks, labels, threads.
 *
 * Every fourth image shapes, the others test. The shape is a family of thresholds, from strict to lax: at level l ≥ 0,
 * τ(t) is the margin that l of the shaping images pass at t with another class than at T (between whole numbers linear;
 * below 0, (1 − l) times the margin that none passes), and never less than at later times. Times at which under 1 %
 * of the shaping images would stop are left out: each costs a simulator a block of its own. Laxer thresholds stop
 * images earlier, and more of them wrongly.
 *
 * The levels are tested on the other images from the strictest on: a level passes if so few of their decisions differ
 * that, were the share P or more, this would have a probability of at most the risk (binomial, exact). The first that
 * does not pass ends the search, and the last that passed is taken. Fixed-sequence testing needs no correction for the
 * number of levels or times (Angelopoulos and others 2021, "Learn then Test"): with probability 1 − risk over the
 * draw of the images, the share that differs is below P on images of the same kind.
 */
import { binomialAtMost, upperShare } from "./binomial-bound.js";

export interface Trajectories {
  /** Ascending; all before T. */
  readonly times: readonly number[];
  readonly T: number;
  readonly n: number;
  /** [n][times] */
  readonly margins: Float64Array;
  /** 1 where the class at that time is the class at T, [n][times]. */
  readonly agrees: Uint8Array;
}

export interface FittedThresholds {
  /** One a time; Infinity where no image may stop. */
  readonly thresholds: readonly number[];
  /** On the images that tested them. */
  readonly tested: {
    readonly n: number;
    readonly differing: number;
    /** Upper bound of the share that differs, at confidence 1 − risk. */
    readonly upperShare: number;
    readonly meanT: number;
  };
}

const levelStep = 0.25;
const fewestStops = 0.01;
const strictest = -2;

/** Images that test, of n in all. */
export const countTesting = (n: number) => n - Math.ceil(n / 4);

/** The least share that n images can promise: that of thresholds under which none of those that test differs. */
export const leastShare = (n: number, risk: number) => upperShare(0, Math.max(1, countTesting(n)), risk);

/** @param share P, at least {@link leastShare} */
export function fitThresholds(all: Trajectories, share: number, risk: number): FittedThresholds {
  const shaping = Array.from({ length: Math.ceil(all.n / 4) }, (_, i) => 4 * i);
  const testing = Array.from({ length: all.n }, (_, i) => i).filter((i) => i % 4 !== 0);
  const wrong = all.times.map((_, at) => wrongMargins(all, shaping, at));
  let best = judge(
    all,
    testing,
    all.times.map(() => Number.POSITIVE_INFINITY),
  );
  for (let level = strictest; level <= shaping.length; level += levelStep) {
    const tried = judge(all, testing, leaveOutTimes(all, shaping, thresholdsAt(wrong, level)));
    const chance = share >= 1 ? 0 : binomialAtMost(tried.differing, testing.length, share);
    if (chance > risk) break;
    best = tried;
  }
  const { thresholds, differing, meanT } = best;
  const n = testing.length;
  return { thresholds, tested: { n, differing, upperShare: upperShare(differing, n, risk), meanT } };
}

/** Margins of the images whose class at a time is another than at T, descending. */
function wrongMargins(all: Trajectories, images: readonly number[], at: number): readonly number[] {
  const { times, margins, agrees } = all;
  return images
    .map((image) => image * times.length + at)
    .filter((i) => agrees[i] === 0)
    .map((i) => margins[i] as number)
    .sort((a, b) => b - a);
}

function thresholdsAt(wrong: readonly (readonly number[])[], level: number): readonly number[] {
  const thresholds: number[] = new Array(wrong.length).fill(0);
  for (let at = wrong.length - 1; at >= 0; at--) {
    const own = wrong[at] as readonly number[];
    const k = Math.max(0, Math.floor(level));
    const [here, next] = [own[k] ?? 0, own[k + 1] ?? 0];
    const threshold = level < 0 ? here * (1 - level) : here + (level - k) * (next - here);
    thresholds[at] = Math.max(threshold, thresholds[at + 1] ?? 0);
  }
  return thresholds;
}

/** Infinity at times at which hardly any image stops. */
function leaveOutTimes(
  all: Trajectories,
  images: readonly number[],
  thresholds: readonly number[],
): readonly number[] {
  const stops: number[] = new Array(thresholds.length).fill(0);
  for (const image of images) {
    const at = findStop(all, image, thresholds);
    if (at >= 0) stops[at] = (stops[at] as number) + 1;
  }
  return thresholds.map((threshold, at) =>
    (stops[at] as number) < fewestStops * images.length ? Number.POSITIVE_INFINITY : threshold,
  );
}

/** Which time stops an image; −1 for none. */
function findStop({ times, margins }: Trajectories, image: number, thresholds: readonly number[]): number {
  const from = image * times.length;
  return thresholds.findIndex((threshold, i) => (margins[from + i] as number) > threshold);
}

function judge(all: Trajectories, images: readonly number[], thresholds: readonly number[]) {
  const { times, T, agrees } = all;
  let [differing, steps] = [0, 0];
  for (const image of images) {
    const at = findStop(all, image, thresholds);
    steps += times[at] ?? T;
    if (at >= 0 && agrees[image * times.length + at] === 0) differing++;
  }
  return { thresholds, differing, meanT: images.length === 0 ? T : steps / images.length };
}
