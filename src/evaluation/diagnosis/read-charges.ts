/**
 * C(t), the charge that flowed into each neuron by step t, in units of θ.
 *
 * Knows: reset by subtraction, where N and V(t) tell it; reset to zero, where what was thrown away is not in them and
 * the charge is what the inputs' counts bring through the synapses. May not know: the float network, λ.
 */
import { countElements } from "../../core/tensor.js";
import type { Snn } from "../../graph/snn.js";
import type { FloatBackendOptions } from "../../inference/float-network.js";
import type { NeuronStage, SnnPlan } from "../../simulator/plan/snn-plan.js";
import { networkBackend } from "../backend-list.js";
import type { DiagnosedLayer } from "./diagnosed-layers.js";

/** Charge of a layer's neurons on image i of the batch, [C,H,W]. */
export type ChargeOf = (layer: DiagnosedLayer, image: number) => Float64Array;

export interface ChargeReader {
  /**
   * @param t steps
   * @param counts layer → N(t), [n,C,H,W]
   * @param potentials layer → V(t), [n,C,H,W]
   */
  read(
    images: Float32Array,
    n: number,
    t: number,
    counts: ReadonlyMap<string, Int32Array>,
    potentials: ReadonlyMap<string, Float64Array>,
  ): ChargeOf;
  free(): void;
}

export async function openCharges(
  snn: Snn,
  plan: SnnPlan,
  options: FloatBackendOptions,
): Promise<ChargeReader> {
  const thrownAway = plan.neurons.filter(({ reset }) => reset === "zero");
  const network = thrownAway.length === 0 ? null : await networkBackend.prepare(snn.graph, options);
  const tipOf = ({ id }: NeuronStage) => snn.graph.node(id).inputs[0] as string;
  return {
    read(images, n, t, counts, potentials) {
      const rates = new Map(
        plan.neurons.map(({ id, name }) => [
          id,
          Float32Array.from(counts.get(name) ?? [], (count) => count / t),
        ]),
      );
      const currents = network?.run(images, n, thrownAway.map(tipOf), rates) ?? new Map();
      return ({ stage, name }, image) => {
        const size = countElements(stage.shape);
        const own = <Values extends Int32Array | Float32Array | Float64Array>(values: Values) =>
          values.subarray(image * size, (image + 1) * size);
        return stage.reset === "zero"
          ? chargeOfCurrents(stage, own(currents.get(tipOf(stage)) ?? new Float32Array(0)), t)
          : chargeOfMembranes(
              stage,
              own(counts.get(name) ?? new Int32Array(0)),
              own(potentials.get(name) ?? new Float64Array(0)),
            );
      };
    },
    free: () => network?.free(),
  };
}

/** N(t) + (V(t) − V(0))/θ. */
function chargeOfMembranes(
  { shape, threshold, v0 }: NeuronStage,
  counts: ArrayLike<number>,
  potentials: Float32Array | Float64Array | Int32Array,
): Float64Array {
  const area = shape[1] * shape[2];
  return Float64Array.from(
    potentials,
    (v, i) => (counts[i] as number) + (v - (v0[i] as number)) / (threshold[Math.floor(i / area)] as number),
  );
}

/** t·I/θ, I the mean current of a step. */
function chargeOfCurrents(
  { shape, threshold, current }: NeuronStage,
  means: Float32Array | Float64Array | Int32Array,
  t: number,
): Float64Array {
  const area = shape[1] * shape[2];
  return Float64Array.from(
    means,
    (mean, i) => (t * (mean + (current[i] as number))) / (threshold[Math.floor(i / area)] as number),
  );
}
