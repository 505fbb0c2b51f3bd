/**
 * The reference simulator: the definitions of graph/snn.ts, step by step, node by node.
 *
 * Knows: the graph alone; it shares with the fast backend only the plan's list of stages and their parameters.
 * May not know: WebAssembly, labels. It is meant to be read, and to be right.
 *
 * ## A step t = 1…T
 * Nodes in topological order, no delay between layers:
 * 1. the image sends nothing (its constant current was computed once), or with `poisson` a spike of value 1 per pixel
 *    with probability x̂;
 * 2. routing, weighted nodes and sums pass the step's values on;
 * 3. a target adds I(t) = synapses + (constant current + image current); with `--maxpool before` the cumulative
 *    I without the neuron's own constant current is pooled first, and its increment taken;
 * 4. a neuron steps (step-neuron.ts), a gate sends M(t) − M(t−1), the output adds its logits up.
 *
 * ## Arithmetic
 * Integer layers: every number is an integer below 2⁵³, exact. Float32 layers: every product, sum and quotient is
 * rounded to float32, in the order of spread-values.ts.
 */
import { refuseUsage } from "../../core/respike-error.js";
import type { Snn } from "../../graph/snn.js";
import type { Backend, SimulationRequest, SimulationResult, Simulator } from "../backend.js";
import { checkRequest } from "../check-request.js";
import { planSnn } from "../plan/plan-snn.js";
import type { SnnPlan } from "../plan/snn-plan.js";
import { collectCounts } from "./collect-counts.js";
import { prepareReference, simulateImage } from "./simulate-image.js";

/**
 * @example
 * ```ts
 * const simulator = await referenceBackend.prepare(snn);
 * const { outputs } = simulator.run({ images, n: 1, steps: 64, snapshots: [64], readout: "mean", delay: 0 });
 * ```
 */
export const referenceBackend: Backend = {
  name: "reference",
  async prepare(snn, { plan, replayed = [] } = {}) {
    if (replayed.length > 0) throw refuseReplay(replayed);
    return makeReferenceSimulator(snn, plan ?? planSnn(snn.graph));
  },
};

function refuseReplay(layers: readonly string[]) {
  const rule = "layers are replayed, and their spikes kept, by the fast backend";
  const next = "use --backend wasm";
  return refuseUsage({ code: "not-supported", where: "reference", rule, value: layers.join(", "), next });
}

/** @param plan of the network's graph */
export function makeReferenceSimulator(snn: Snn, plan: SnnPlan): Simulator {
  const network = prepareReference(snn.graph, plan);
  return {
    kernels: {},
    run(request: SimulationRequest): SimulationResult {
      checkRequest(plan, request);
      if (request.keepSpikes !== undefined) throw refuseReplay(request.keepSpikes);
      const runs = Array.from({ length: request.n }, (_, index) => simulateImage(network, request, index));
      return collectCounts(plan, request, runs);
    },
    explain: () => [],
    free() {},
  };
}
