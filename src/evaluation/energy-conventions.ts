/**
 * Energy conventions: two numbers each, and what is multiplied by them.
 *
 * Knows: published energies of operations. May not know: how operations were counted.
 */
import type { EnergyEstimate } from "./evaluation-result.js";

export interface EnergyConvention {
  readonly name: string;
  /** Energy of one multiply-accumulate of the network, pJ, under the name the source gives it. */
  readonly mac: readonly [name: string, picojoules: number];
  /** Energy of one synaptic operation (an addition), pJ. */
  readonly spike: readonly [name: string, picojoules: number];
  readonly source: string;
}

export const energyConventions: readonly EnergyConvention[] = [
  {
    name: "horowitz45",
    mac: ["MAC", 4.6],
    spike: ["AC", 0.9],
    source:
      "M. Horowitz, Computing's energy problem (and what we can do about it), ISSCC 2014: 32-bit float in 45 nm, multiplication 3.7 pJ, addition 0.9 pJ",
  },
  {
    name: "neuromorphic",
    mac: ["FLOP", 12.5],
    spike: ["SOP", 0.077],
    source:
      "Y. Hu, H. Tang, G. Pan, Spiking Deep Residual Network, 2018: 12.5 pJ a floating-point operation (Intel Stratix 10 TX), 77 fJ a synaptic operation (ROLLS, Qiao et al. 2015); one operation a multiply-accumulate, the reading less kind to the spiking network",
  },
];

/** Operations of one image (means over images). */
export interface CountedOperations {
  readonly annMacs: number;
  readonly annMacsEffective: number | null;
  readonly sopEffective: number;
  readonly firstLayerMacs: number;
  readonly firstLayerMacsAllSteps: number;
  readonly neuronUpdates: number;
}

/**
 * Energies of one image in µJ:
 * ann = annMacs·MAC · annEffective = annMacsEffective·MAC · snn = sopEffective·AC + firstLayerMacs·MAC ·
 * snnFirstLayerEachStep with the first layer's MACs each step · snnWithNeuronUpdates = snn + neuronUpdates·AC.
 */
export function estimateEnergy(convention: EnergyConvention, counted: CountedOperations): EnergyEstimate {
  const [mac, spike] = [convention.mac[1] / 1e6, convention.spike[1] / 1e6];
  const spikes = counted.sopEffective * spike;
  const snnUJ = spikes + counted.firstLayerMacs * mac;
  return {
    convention: convention.name,
    unitsPJ: Object.fromEntries([convention.mac, convention.spike]),
    annUJ: counted.annMacs * mac,
    annEffectiveUJ: counted.annMacsEffective === null ? null : counted.annMacsEffective * mac,
    snnUJ,
    snnFirstLayerEachStepUJ: spikes + counted.firstLayerMacsAllSteps * mac,
    snnWithNeuronUpdatesUJ: snnUJ + counted.neuronUpdates * spike,
  };
}
