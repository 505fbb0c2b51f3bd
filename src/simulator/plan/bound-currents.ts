/**
 * The largest and smallest current that a step can bring, so that sums fit their number of bits.
 *
 * Knows: weights, constant currents, spike alphabets. May not know: images.
 */
import type { SpikeAlphabet } from "../../graph/spike-alphabet.js";
import { forEachSynapse } from "./enumerate-synapses.js";
import type { NeuronStage, SynapseGroup } from "./snn-plan.js";
import type { WindowSynapses } from "./window-synapses.js";

export interface CurrentBounds {
  readonly lowest: number;
  readonly highest: number;
}

/** Source → what it may send in a step. */
export type Alphabets = ReadonlyMap<string, SpikeAlphabet>;

const alphabetOf = (alphabets: Alphabets, source: string): SpikeAlphabet =>
  alphabets.get(source) ?? { lo: 0, hi: 1 };

/** The constant current of a step; where the layer refines it enters once, before the first. */
const eachStep = ({ refine, current }: NeuronStage, i: number): number =>
  refine === null ? (current[i] as number) : 0;

/** From sums per channel: quick, and at least as wide as the truth (borders are not looked at). */
export function boundByChannel(
  stage: NeuronStage,
  windows: readonly WindowSynapses[],
  alphabets: Alphabets,
): CurrentBounds {
  const channels = stage.shape[0];
  const [positive, negative] = [new Float64Array(channels), new Float64Array(channels)];
  for (const { weights, source } of windows) {
    const { lo, hi } = alphabetOf(alphabets, source);
    for (let i = 0; i < weights.length; i++) {
      const [w, c] = [weights[i] as number, i % channels];
      positive[c] = (positive[c] as number) + w * (w > 0 ? hi : lo);
      negative[c] = (negative[c] as number) + w * (w > 0 ? lo : hi);
    }
  }
  const area = stage.shape[1] * stage.shape[2];
  let [lowest, highest] = [0, 0];
  for (let i = 0; i < stage.current.length; i++) {
    const [current, c] = [eachStep(stage, i), Math.floor(i / area)];
    lowest = Math.min(lowest, current + (negative[c] as number));
    highest = Math.max(highest, current + (positive[c] as number));
  }
  return { lowest, highest };
}

/** From the synapses of every single target: exact, slow. Without a pool before the neuron its constant current is included. */
export function boundByTarget(
  stage: NeuronStage,
  groups: readonly SynapseGroup[],
  alphabets: Alphabets,
): CurrentBounds {
  const [c, h, w] = stage.currentShape;
  const [positive, negative] = [new Float64Array(c * h * w), new Float64Array(c * h * w)];
  for (const group of groups) {
    const { lo, hi } = alphabetOf(alphabets, group.source);
    forEachSynapse(group, (_, target, w) => {
      positive[target] = (positive[target] as number) + w * (w > 0 ? hi : lo);
      negative[target] = (negative[target] as number) + w * (w > 0 ? lo : hi);
    });
  }
  let [lowest, highest] = [0, 0];
  let [least, most] = [0, 0];
  for (let i = 0; i < positive.length; i++) {
    const current = stage.poolBefore === null ? eachStep(stage, i) : 0;
    lowest = Math.min(lowest, current + (negative[i] as number));
    highest = Math.max(highest, current + (positive[i] as number));
  }
  if (stage.poolBefore !== null) {
    for (const current of stage.current) [least, most] = [Math.min(least, current), Math.max(most, current)];
  }
  return { lowest: lowest + least, highest: highest + most };
}
