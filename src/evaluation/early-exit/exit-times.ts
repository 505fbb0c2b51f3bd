/**
 * The times at which an image may stop.
 *
 * Knows: T and what a block of time costs. May not know: thresholds, images.
 *
 * A block costs an image about as much as 2.5 steps beside the steps themselves (ResNet-20: tables are built anew for
 * each block), and the length of a block is by how much an image may stop too late. For an image that stops at M,
 * blocks of L steps cost 2.5·M/L + L/2 steps too many, least near L = √(5·M): 5 at M = 5, 10 at 20, 18 at 64, 32 at
 * 200. So times grow by a quarter, which is near that everywhere, from 4 on; before 4 no network has an opinion.
 */

const first = 4;
const growth = 1.25;

/** Ascending, from 4 (1 where T ≤ 4) up to before T. */
export function listExitTimes(T: number): readonly number[] {
  const times: number[] = [];
  for (let t = T <= first ? 1 : first; t < T; t = Math.max(t + 1, Math.round(t * growth))) times.push(t);
  return times;
}
