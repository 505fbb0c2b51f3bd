/**
 * What fitting a layer to the spikes it really gets means: activations, their estimates, errors.
 *
 * Knows: λ, counts, the alphabets' value of a count. May not know: simulators, images.
 */
import type { NodeOf } from "../../graph/node-types.js";
import { quantumAt } from "../../graph/refinement.js";

/** What one layer gained. Errors are Σ(y − a)²/Σa² over the images, y the layer's estimate of the activation a by the steps that are read (all, where fewer than three are). */
export interface AdjustedLayer {
  readonly name: string;
  /** Before anything was changed in this layer; the layers before it are already adjusted. */
  readonly before: number;
  /** With other constant currents. */
  readonly bias: number;
  /** With other initial potentials, which are fitted after the currents, or before them where steps are left out. */
  readonly potential: number | null;
  /** What the layer has. */
  readonly after: number;
}

export interface AdjustmentReport {
  readonly method: "bias" | "bias+potential";
  /** Of the initial potentials. */
  readonly scope: "channel" | "neuron";
  /** What is fitted first, where both are. */
  readonly first: "currents" | "potentials";
  readonly images: number;
  readonly steps: number;
  /** Steps at the beginning that currents are not fitted to: those that are not read, or none. */
  readonly delay: number;
  readonly layers: readonly AdjustedLayer[];
}

/** What a layer's counts and constant currents are worth. */
export interface LayerUnits {
  /** λ of each channel, [C]. */
  readonly lambda: Float64Array;
  /** a ≈ λ·perCount·N. */
  readonly perCount: number;
  /** A constant current of so much changes a by λ. */
  readonly perActivation: number;
}

/** A count's worth is 1/T, or the quantum of step T where the layer refines. @param lambda one number, or one a channel */
export function unitsOf(
  node: NodeOf<"neuron">,
  channels: number,
  lambda: readonly number[],
  steps: number,
): LayerUnits {
  const { refine } = node.attributes;
  return {
    lambda: Float64Array.from({ length: channels }, (_, c) => lambda[lambda.length === 1 ? 0 : c] as number),
    perCount: refine === undefined ? 1 / steps : quantumAt(refine, steps),
    perActivation: refine === undefined ? 1 : 1 / refine.quantum,
  };
}

/** How far the estimates are off. */
export interface LayerMisfit {
  /** Σ(y − a)²/Σa²; the plain sum where a is 0 everywhere. */
  readonly error: number;
  /** Mean over images of (a − y)/λ of each neuron, [C·H·W]. */
  readonly shift: Float64Array;
}

/**
 * @param counts [n,C,H,W]
 * @param activation the network's, [n,C,H,W]; negative values count as 0
 */
export function measureMisfit(
  counts: Int32Array,
  activation: Float32Array,
  { lambda, perCount }: LayerUnits,
  images: number,
): LayerMisfit {
  const size = counts.length / images;
  const area = size / lambda.length;
  const shift = new Float64Array(size);
  let [error, total] = [0, 0];
  // One sum after the other, image by image: the last bits of a result depend on the order.
  for (let image = 0, at = 0; image < images; image++) {
    for (let channel = 0, i = 0; channel < lambda.length; channel++) {
      const scale = lambda[channel] as number;
      const worth = scale * perCount;
      for (const end = i + area; i < end; i++, at++) {
        let a = activation[at] as number;
        if (a < 0) a = 0;
        const missing = a - worth * (counts[at] as number);
        error += missing * missing;
        total += a * a;
        shift[i] = (shift[i] as number) + missing / scale;
      }
    }
  }
  return { error: total > 0 ? error / total : error, shift: shift.map((sum) => sum / images) };
}

/** The mean of each channel, [C]. */
export function averageChannels(values: Float64Array, channels: number): Float64Array {
  const area = values.length / channels;
  return Float64Array.from({ length: channels }, (_, c) => {
    const own = values.subarray(c * area, (c + 1) * area);
    return own.reduce((sum, value) => sum + value, 0) / area;
  });
}
