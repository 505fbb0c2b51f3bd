/**
 * The readout at a step, from counts: Σ over steps of Σ w·s is Σ w·N.
 *
 * Knows: readouts, the output's synapses. May not know: kernels, where counts lie.
 */
import { halvingsAt } from "../../../graph/refinement.js";
import type { SimulationRequest } from "../../backend.js";
import type { NeuronStage, SnnPlan, Stage } from "../../plan/snn-plan.js";
import { firstMeanStep, readCounts, readFinal, readMean } from "../../read-output.js";
import { ReadSynapses } from "./read-synapses.js";

/** An image after step t. */
export interface CountedImage {
  /** N of a layer, or M of a gate, [C,H,W]. */
  readonly countsOf: (id: string) => ArrayLike<number>;
  /** The same after step d, where t > d. */
  readonly countsAtDelay: (id: string) => ArrayLike<number>;
  /** V of the output neurons, for `count+softmax`. */
  readonly potentials: () => ArrayLike<number>;
  /** The image's constant current on the outputs. */
  readonly constant: Float64Array;
}

export class OutputReader {
  readonly synapses: readonly ReadSynapses[];

  constructor(private readonly plan: SnnPlan) {
    const driven = plan.output.groups.filter((group) => group.source !== plan.image);
    this.synapses = driven.map((group) => new ReadSynapses(group));
  }

  /** Whether the readout needs the stage's counts. */
  reads({ id }: Stage): boolean {
    return id === this.plan.output.neurons || this.synapses.some(({ source }) => source === id);
  }

  /** @param into receives [classes] from `offset` */
  read(
    { readout, delay }: SimulationRequest,
    t: number,
    image: CountedImage,
    into: Float64Array,
    offset: number,
  ): void {
    const { output, neurons, refine } = this.plan;
    if (refine !== null) {
      const halvings = halvingsAt(refine, t);
      const factor = 2 ** halvings;
      const sums = output.current.map((current, k) => (current + (image.constant[k] as number)) * factor);
      for (const reader of this.synapses) reader.add(image.countsOf(reader.source), sums);
      readFinal(sums, halvings, output.scale, into, offset);
      return;
    }
    if (readout !== "mean") {
      const stage = neurons.find((each) => each.id === output.neurons) as NeuronStage;
      const softmax =
        readout === "count" ? null : { potentials: image.potentials(), threshold: stage.threshold };
      readCounts(image.countsOf(stage.id), softmax, into, offset);
      return;
    }
    const first = firstMeanStep(t, delay);
    const since = (id: string): ArrayLike<number> => {
      const counts = image.countsOf(id);
      if (first === 0) return counts;
      const before = image.countsAtDelay(id);
      const difference = new Float64Array(counts.length);
      for (let i = 0; i < difference.length; i++)
        difference[i] = (counts[i] as number) - (before[i] as number);
      return difference;
    };
    const sums = output.current.map((current, k) => (current + (image.constant[k] as number)) * (t - first));
    for (const reader of this.synapses) reader.add(since(reader.source), sums);
    if (output.neurons !== null) sums.set(Float64Array.from(since(output.neurons)));
    readMean(sums, t - first, output.scale, into, offset);
  }
}
