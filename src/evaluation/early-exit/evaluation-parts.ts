/**
 * The images of an evaluation: all of them, and with early exit some of them once more, run to T.
 *
 * Knows: positions and how records are numbered. May not know: how images are evaluated.
 *
 * Of n images, records of the first part start at 0…n−1; those of images that are run to T as well at n and behind, in
 * the order of the images.
 */
import type { EvaluationPlan, EvaluationSetup } from "../evaluation-plan.js";
import { parseShard, shardRange } from "../shards.js";
import { selectChecked } from "./early-exit-setup.js";

export interface EvaluationPart {
  /** The number that records of the first image have. */
  readonly start: number;
  /** Places in the data set. */
  readonly indices: Uint32Array;
  readonly toEnd: boolean;
}

/** What a plan has to do, its shard alone. */
export function listParts({
  setup,
  start,
  indices,
}: Pick<EvaluationPlan, "setup" | "start" | "indices">): readonly EvaluationPart[] {
  const whole = { start, indices, toEnd: false };
  if (setup.earlyExit === undefined) return [whole];
  const checked = selectChecked(setup.options.n, setup.options.seed);
  const [from, to] = checkedRange(checked, start, start + indices.length);
  const again = checked.slice(from, to).map((position) => indices[position - start] as number);
  return [whole, { start: setup.options.n + from, indices: again, toEnd: true }];
}

/** Whether records of that number are of images that are run to T beside early exit. */
export function isRunToEnd(start: number, { earlyExit, options }: EvaluationSetup): boolean {
  return earlyExit !== undefined && start >= options.n;
}

/** How many images the records of a finished shard hold, counted as often as they are run. */
export function countRuns({ earlyExit, options }: EvaluationSetup): number {
  const shard = options.shard === null ? undefined : parseShard(options.shard);
  const [start, end] = shardRange(shard, options.n);
  if (earlyExit === undefined) return end - start;
  const [from, to] = checkedRange(selectChecked(options.n, options.seed), start, end);
  return end - start + to - from;
}

function checkedRange(checked: Uint32Array, start: number, end: number): readonly [number, number] {
  const countBelow = (limit: number) => checked.filter((position) => position < limit).length;
  return [countBelow(start), countBelow(end)];
}
