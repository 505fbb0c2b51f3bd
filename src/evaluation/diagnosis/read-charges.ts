/**
 * The charge that flowed into each neuron over T steps, X − V(0) in units of θ.
 *
 * Knows: reset by subtraction, where N and V(T) tell it; reset to zero, where what was thrown away is not in them and
 * the charge is what the inputs' counts bring through the synapses. May not know: the float network, λ.
 */
import { countElements } from "../../core/tensor.js";
import type { Snn } from "../../graph/snn.js";
import type { FloatBackendOptions } from "../../inference/float-network.js";
import type { LayerCounts } from "../../simulator/backend.js";
import type { NeuronStage, SnnPlan } from "../../simulator/plan/snn-plan.js";
import { networkBackend } from "../backend-list.js";
import type { DiagnosedLayer } from "./diagnosed-layers.js";

/** Charge of a layer's neurons on image i of the batch, [C,H,W]. */
export type ChargeOf = (layer: DiagnosedLayer, image: number) => Float64Array;

export interface ChargeReader {
  /** @param counts layer → N at T, [n,C,H,W] */
  read(
    images: Float32Array,
    n: number,
    steps: number,
    layers: readonly LayerCounts[],
    counts: ReadonlyMap<string, Int32Array>,
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
    read(images, n, steps, layers, counts) {
      const potentials = new Map(layers.map((layer) => [layer.name, layer.potentials]));
      const rates = new Map(
        plan.neurons.map(({ id, name }) => [
          id,
          Float32Array.from(counts.get(name) ?? [], (count) => count / steps),
        ]),
      );
      const currents = network?.run(images, n, thrownAway.map(tipOf), rates) ?? new Map();
      return ({ stage, name }, image) => {
        const size = countElements(stage.shape);
        const own = <Values extends Int32Array | Float32Array | Float64Array>(values: Values) =>
          values.subarray(image * size, (image + 1) * size);
        return stage.reset === "zero"
          ? chargeOfCurrents(stage, own(currents.get(tipOf(stage)) ?? new Float32Array(0)), steps)
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

/** N + (V(T) − V(0))/θ. */
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

/** T·I/θ, I the mean current of a step. */
function chargeOfCurrents(
  { shape, threshold, current }: NeuronStage,
  means: Float32Array | Float64Array | Int32Array,
  steps: number,
): Float64Array {
  const area = shape[1] * shape[2];
  return Float64Array.from(
    means,
    (mean, i) => (steps * (mean + (current[i] as number))) / (threshold[Math.floor(i / area)] as number),
  );
}
