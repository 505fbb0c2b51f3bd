/**
 * Output currents from spike counts: Σ over steps of Σ w·s is Σ w·N, exactly in integers.
 *
 * Knows: the output's synapses. May not know: kernels, readouts.
 */
import { forEachSynapse } from "../plan/enumerate-synapses.js";
import type { SynapseGroup } from "../plan/snn-plan.js";

/** The synapses of one source into the classes. */
export class ReadSynapses {
  readonly source: string;
  readonly #sources: Int32Array;
  readonly #targets: Int32Array;
  readonly #weights: Float64Array;

  constructor(group: SynapseGroup) {
    this.source = group.source;
    let count = 0;
    forEachSynapse(group, () => count++);
    this.#sources = new Int32Array(count);
    this.#targets = new Int32Array(count);
    this.#weights = new Float64Array(count);
    let at = 0;
    forEachSynapse(group, (source, target, weight) => {
      this.#sources[at] = source;
      this.#targets[at] = target;
      this.#weights[at++] = weight;
    });
  }

  /** sums[class] += Σ w·counts[source] */
  add(counts: ArrayLike<number>, sums: Float64Array): void {
    for (let i = 0; i < this.#weights.length; i++) {
      const k = this.#targets[i] as number;
      sums[k] =
        (sums[k] as number) + (this.#weights[i] as number) * (counts[this.#sources[i] as number] as number);
    }
  }
}
