/**
 * The search for the candidate that takes the fewest steps, or operations, within a bound on the loss.
 *
 * Knows: losses with their intervals, operations. May not know: networks, how a candidate is made or simulated.
 */
import type { AutoCandidate, AutoVerdict } from "../../evaluation/auto-result.js";

/** What so many images said of a candidate. */
export type Look = Pick<AutoCandidate, "n" | "accuracy" | "loss" | "lossCi95" | "sop">;

export type Contender = Pick<AutoCandidate, "preset" | "alphabet">;

export interface Search<C extends Contender = Contender> {
  readonly contenders: readonly C[];
  /** T, ascending. */
  readonly times: readonly number[];
  /** Points. */
  readonly bound: number;
  readonly minimise: "steps" | "sop";
  /** Numbers of images that a candidate is looked at with, ascending; the last is all of them. */
  readonly sizes: readonly number[];
  /** Null where the candidate cannot be run. */
  readonly look: (contender: C, T: number, n: number) => Promise<Look | null>;
  /** Called before each candidate, with how many are settled. */
  readonly onCandidate?: (contender: C, T: number) => void;
}

export interface SearchOutcome<C extends Contender = Contender> {
  readonly chosen: AutoCandidate | null;
  readonly candidates: readonly AutoCandidate[];
  /** The largest T that each contender was tried at. */
  readonly reached: ReadonlyMap<C, number>;
}

/**
 * Tries T from small to large, at each all contenders, and each on more and more images until it is rejected.
 *
 * With `steps` the first T at which one meets the bound is the last that matters, the fewest operations decide there.
 * With `sop` a contender is tried until it meets the bound or takes more operations than one that does: they grow with T.
 * That a candidate is dropped on part of the images makes wrong rejections a little more frequent than the interval's 2.5 %;
 * none is chosen that all images do not carry.
 */
export async function searchSteps<C extends Contender>(search: Search<C>): Promise<SearchOutcome<C>> {
  const { contenders, times, minimise } = search;
  const candidates: AutoCandidate[] = [];
  const settled = new Set<C>();
  const reached = new Map<C, number>();
  let chosen: AutoCandidate | null = null;
  for (const T of times) {
    for (const contender of contenders) {
      const isOpen: boolean =
        chosen === null || (minimise === "steps" ? chosen.T === T : !settled.has(contender));
      if (!isOpen) continue;
      search.onCandidate?.(contender, T);
      reached.set(contender, T);
      const candidate: AutoCandidate | null = await judge(search, contender, T, chosen);
      if (candidate === null) continue;
      candidates.push(candidate);
      if (candidate.verdict === "meets" || candidate.verdict === "dearer") settled.add(contender);
      if (candidate.verdict === "meets" && isBetter(candidate, chosen)) chosen = candidate;
    }
  }
  return { chosen, candidates, reached };
}

/**
 * Looks with the fewest images at what the search left out: candidates of larger T that cannot be chosen any more.
 *
 * @returns all candidates, by T, then in the order of the contenders
 */
export async function completeFront<C extends Contender>(
  search: Search<C>,
  { candidates, reached }: SearchOutcome<C>,
): Promise<readonly AutoCandidate[]> {
  const { contenders, times } = search;
  const found: AutoCandidate[] = [];
  for (const T of times) {
    for (const contender of contenders) {
      const known = candidates.find((each) => each.T === T && each.preset === contender.preset);
      if (known !== undefined) found.push(known);
      if (T <= (reached.get(contender) ?? 0)) continue;
      search.onCandidate?.(contender, T);
      const candidate = await glance(search, contender, T);
      if (candidate !== null) found.push(candidate);
    }
  }
  return found;
}

const isBetter = (candidate: AutoCandidate, chosen: AutoCandidate | null) =>
  chosen === null || candidate.sop < chosen.sop;

async function judge<C extends Contender>(
  { look, sizes, bound }: Search<C>,
  contender: C,
  T: number,
  chosen: AutoCandidate | null,
): Promise<AutoCandidate | null> {
  let [seen, verdict]: [Look | null, AutoVerdict] = [null, "unproven"];
  for (const n of sizes) {
    seen = await look(contender, T, n);
    if (seen === null) return null;
    const [low, high] = seen.lossCi95;
    if (chosen !== null && seen.sop > chosen.sop) verdict = "dearer";
    else if (low > bound) verdict = "rejected";
    else if (n === sizes[sizes.length - 1]) verdict = high <= bound ? "meets" : "unproven";
    else continue;
    break;
  }
  return describe(contender, T, seen as Look, verdict);
}

async function glance<C extends Contender>(search: Search<C>, contender: C, T: number) {
  const seen = await search.look(contender, T, search.sizes[0] as number);
  return seen && describe(contender, T, seen, "not needed");
}

function describe(
  { preset, alphabet }: Contender,
  T: number,
  seen: Look,
  verdict: AutoVerdict,
): AutoCandidate {
  const { n, accuracy, loss, lossCi95, sop } = seen;
  return { preset, T, alphabet, n, accuracy, loss, lossCi95, sop, verdict };
}

/** The one that came closest: the smallest upper end; null where none was tried. */
export function findClosest(candidates: readonly AutoCandidate[]): AutoCandidate | null {
  return candidates.reduce<AutoCandidate | null>(
    (best, each) => (best === null || each.lossCi95[1] < best.lossCi95[1] ? each : best),
    null,
  );
}
