/**
 * Parts of a list of images that separate runs evaluate.
 *
 * Knows: i of k. May not know: images.
 */
import { refuseUsage } from "../core/respike-error.js";

/** Part `index` of `of`, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** @throws RespikeError (exit 2) where it is not i/k with 1 ≤ i ≤ k */
export function parseShard(text: string): Shard {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (shard.index >= 1 && shard.index <= shard.of) return shard;
  throw refuseUsage({
    code: "bad-option",
    where: "--shard",
    rule: "i/k with 1 ≤ i ≤ k",
    value: text,
    next: "give 1/3, 2/3 and 3/3, for example",
  });
}

/**
 * Positions ⌊(i−1)·n/k⌋ up to but not including ⌊i·n/k⌋.
 *
 * @throws RespikeError (exit 2) where the part is empty
 */
export function shardRange(shard: Shard | undefined, n: number): readonly [start: number, end: number] {
  if (shard === undefined) return [0, n];
  const start = Math.floor(((shard.index - 1) * n) / shard.of);
  const end = Math.floor((shard.index * n) / shard.of);
  if (end > start) return [start, end];
  throw refuseUsage({
    code: "bad-option",
    where: "--shard",
    rule: "each part has an image",
    value: `${shard.of} parts of ${n} images`,
    next: "take fewer parts",
  });
}
