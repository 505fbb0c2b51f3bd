/**
 * How much a source is expected to send, for the planner.
 *
 * Knows: rates that were saved with the network, alphabets. May not know: kernels, images.
 */
import type { SnnPlan } from "../../plan/snn-plan.js";
import { type SpikePlane, spikePlanes } from "./spike-planes.js";

/** What the planner needs to know of a source. */
export interface SourceFacts {
  /** Bits a neuron and step, over all planes; |N|/T where spikes are binary. */
  readonly rate: number;
  readonly planes: number;
  readonly spikePlanes: readonly SpikePlane[];
  readonly refines: boolean;
}

/**
 * |N|/T where a network tells no rates. Layers of ResNet-20 fire at 4 to 16 % with p99.9 and at 1 to 7 % with the maximum,
 * those of 64 channels, where it decides, at 4 to 9 % and 1 to 3 %.
 */
export const defaultRate = 0.08;

/** What is taken back has to be sent first: so many bits a spike of the net count travel in ResNet-20 where spikes have signs. */
const takenBack = 2.2;
/** Of layers that refine: bits a step for each net count over λ, in ResNet-20 at T = 2 (3.2 to 5.6) and 4. */
const refinedBits = 4.6;

/** @returns facts by source: the image, layers, gates (which send about what their neurons do) */
export function expectSpikes({
  neurons,
  gates,
  alphabets,
  replayed,
  refine,
}: SnnPlan): (source: string) => SourceFacts {
  const rates = new Map(neurons.map((stage) => [stage.id, stage.node.attributes.rate]));
  for (const [id, { rate }] of replayed) rates.set(id, rate);
  const behind = new Map(gates.map((gate) => [gate.id, gate.source]));
  return (source) => {
    let id = source;
    for (let next = behind.get(id); next !== undefined; next = behind.get(id)) id = next;
    const { lo, hi } = alphabets.get(source) ?? { lo: 0, hi: 1 };
    const list = spikePlanes(lo, hi);
    const planes = list.length;
    const refines = refine !== null;
    const perNet = refines ? refinedBits : lo < 0 ? takenBack : 1;
    const net = rates.get(id) ?? defaultRate;
    return { rate: Math.min(planes, net * perNet), planes, spikePlanes: list, refines };
  };
}
