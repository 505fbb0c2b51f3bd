/**
 * Images by their places, in few words.
 *
 * Knows: runs of numbers. May not know: data sets.
 */

const mostRuns = 8;

/** `image 5`, `images 48…63`, `images 3, 7, 9…12`; long lists end in `… (n in all)`. */
export function describeImages(indices: ArrayLike<number>): string {
  const runs: [first: number, last: number][] = [];
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    const run = runs[runs.length - 1];
    if (run !== undefined && run[1] + 1 === index) run[1] = index;
    else runs.push([index, index]);
  }
  const named = runs
    .slice(0, mostRuns)
    .map(([first, last]) => (first === last ? `${first}` : `${first}…${last}`));
  const rest = runs.length > mostRuns ? `, … (${indices.length} in all)` : "";
  return `${indices.length === 1 ? "image" : "images"} ${named.join(", ")}${rest}`;
}
