/**
 * Which blocks of 16 output channels are run together.
 *
 * Knows: for how many blocks the event list has a kernel. May not know: layers.
 */

export interface BlockGroup {
  readonly first: number;
  readonly count: number;
}

const sizes = [4, 2, 1];

/** Blocks 0…blocks−1 in groups of 4, 2 and 1, or one by one. */
export function groupBlocks(blocks: number, isTogether: boolean): readonly BlockGroup[] {
  const groups: BlockGroup[] = [];
  for (let first = 0; first < blocks; ) {
    const count = isTogether ? (sizes.find((size) => size <= blocks - first) as number) : 1;
    groups.push({ first, count });
    first += count;
  }
  return groups;
}
