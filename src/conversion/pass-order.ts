/**
 * The passes of a conversion, in order.
 *
 * Knows: which passes there are. May not know: what they do.
 *
 * Between the two lists the activation statistics are collected: on the network as `prepare` leaves
 * it, which is also what the SNN keeps as the network it is compared with. Compensation, which
 * simulates and so is no pass over a graph alone, stands between `spike` and `finish`.
 */
import type { Pass } from "./pass.js";
import { addActivations } from "./passes/add-activations.js";
import { composeSynapses } from "./passes/compose-synapses.js";
import { foldBatchNorm } from "./passes/fold-batch-norm.js";
import { gatherCurrents } from "./passes/gather-currents.js";
import { lowerShortcuts } from "./passes/lower-shortcuts.js";
import { normaliseShortcuts } from "./passes/normalise-shortcuts.js";
import { normaliseWeights } from "./passes/normalise-weights.js";
import { numberFormat } from "./passes/number-format.js";
import { orderMaxPools } from "./passes/order-max-pools.js";
import { placeNeurons } from "./passes/place-neurons.js";
import { refineQuanta } from "./passes/refine-quanta.js";
import { silenceDeadChannels } from "./passes/silence-dead-channels.js";

export const passOrder: {
  readonly prepare: readonly Pass[];
  readonly spike: readonly Pass[];
  readonly finish: readonly Pass[];
} = {
  prepare: [foldBatchNorm, lowerShortcuts],
  spike: [
    addActivations,
    orderMaxPools,
    normaliseWeights,
    normaliseShortcuts,
    placeNeurons,
    gatherCurrents,
    composeSynapses,
    silenceDeadChannels,
    refineQuanta,
  ],
  finish: [numberFormat],
};
