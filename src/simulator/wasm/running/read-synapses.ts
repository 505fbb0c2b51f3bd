/**
 * Output currents from spike counts: Σ over steps of Σ w·s is Σ w·N, exactly in integers.
 *
 * Knows: the output's synapses. May not know: kernels, readouts.
 *
 * After a pool many sources in a row have the same weights: their counts are summed first, where that is exact.
 */
import { forEachSynapse } from "../../plan/enumerate-synapses.js";
import type { SynapseGroup } from "../../plan/snn-plan.js";

interface Synapse {
  readonly target: number;
  readonly weight: number;
}

/** Sources first…end−1 and the synapses that each of them has. */
interface SourceRange {
  readonly first: number;
  end: number;
  readonly synapses: readonly Synapse[];
}

/** The synapses of one source into the classes. */
export class ReadSynapses {
  readonly source: string;
  readonly #ranges: readonly SourceRange[];

  constructor(group: SynapseGroup) {
    this.source = group.source;
    const [channels, height, width] = group.sourceShape;
    const bySource: Synapse[][] = Array.from({ length: channels * height * width }, () => []);
    let isWhole = true;
    forEachSynapse(group, (source, target, weight) => {
      bySource[source]?.push({ target, weight });
      isWhole &&= Number.isInteger(weight);
    });
    this.#ranges = joinSources(bySource, isWhole);
  }

  /** sums[class] += Σ w·counts[source] */
  add(counts: ArrayLike<number>, sums: Float64Array): void {
    for (const { first, end, synapses } of this.#ranges) {
      let count = 0;
      for (let source = first; source < end; source++) count += counts[source] as number;
      if (count === 0) continue;
      for (const { target, weight } of synapses) sums[target] = (sums[target] as number) + weight * count;
    }
  }
}

/** Neighbours with equal synapses together, or each alone where sums of weights would round. */
function joinSources(bySource: readonly (readonly Synapse[])[], isWhole: boolean): readonly SourceRange[] {
  const ranges: SourceRange[] = [];
  for (const [source, synapses] of bySource.entries()) {
    if (synapses.length === 0) continue;
    const last = ranges[ranges.length - 1];
    if (isWhole && last !== undefined && last.end === source && hasSame(last.synapses, synapses))
      last.end = source + 1;
    else ranges.push({ first: source, end: source + 1, synapses });
  }
  return ranges;
}

function hasSame(some: readonly Synapse[], others: readonly Synapse[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ target, weight }, i) => target === others[i]?.target && weight === others[i]?.weight)
  );
}
