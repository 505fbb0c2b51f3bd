/**
 * What a batch says of every layer after t steps, and of the steps between two such moments.
 *
 * Knows: counts, charges and drives as sums over steps. May not know: simulators, the float network, how errors are split.
 *
 * Each is a sum over steps 1…t, so that what belongs to steps d+1…T is a difference of two: also of a max pool, whose value is
 * that of the sums.
 */
import { countElements } from "../../core/tensor.js";
import type { NeuronStage } from "../../simulator/plan/snn-plan.js";
import type { DiagnosedLayer } from "./diagnosed-layers.js";
import type { ChargeOf } from "./read-charges.js";
import type { ReadSteps } from "./read-steps.js";
import type { SplitValues } from "./split-error.js";

export interface LayerMoment {
  readonly t: number;
  /** Layer → N(t), [n,C,H,W]. */
  readonly counts: ReadonlyMap<string, Int32Array>;
  /** Layer → V(t), [n,C,H,W]. */
  readonly potentials: ReadonlyMap<string, Float64Array>;
  /** C(t), the charge that flowed in by step t. */
  readonly chargeOf: ChargeOf;
  /**
   * Activation → z(t), [n,C,H,W]: the network's layer, before its ReLU, applied to what the layer's inputs say by step t. t·z(t) is a sum over
   * steps, but for layers that refine.
   */
  readonly drives: ReadonlyMap<string, Float32Array>;
}

/** What a layer's error on an image is split by; over all steps where there is no moment d. */
export function valuesOfSteps(
  layer: DiagnosedLayer,
  image: number,
  { steps, left }: ReadSteps,
  last: LayerMoment,
  before: LayerMoment | null,
): Omit<SplitValues, "activation"> {
  const { name, activation, neurons, stage } = layer;
  const own = <Values extends Int32Array | Float32Array | Float64Array>(values: Values | undefined) =>
    values?.subarray(image * neurons, (image + 1) * neurons) ?? new Float64Array(0);
  const counts = own(last.counts.get(name));
  const charge = last.chargeOf(layer, image);
  const drive = own(last.drives.get(activation));
  if (before === null) return { counts, charge, start: startOf(stage), expected: calibrate(layer, drive) };
  const earlier = {
    counts: own(before.counts.get(name)),
    charge: before.chargeOf(layer, image),
    drive: own(before.drives.get(activation)),
  };
  const mean = Float64Array.from(
    drive,
    (z, i) => (steps * z - left * (earlier.drive[i] as number)) / (steps - left),
  );
  return {
    counts: subtract(counts, earlier.counts),
    charge: subtract(charge, earlier.charge),
    start: startAfter(stage, own(before.potentials.get(name))),
    expected: calibrate(layer, mean),
  };
}

type Numbers = Int32Array | Float32Array | Float64Array;

function subtract(one: Numbers, other: Numbers): Float64Array {
  return Float64Array.from(one, (value, i) => value - (other[i] as number));
}

/** V(0)/θ; ½ where a layer refines. */
function startOf({ refine, v0, threshold, shape }: NeuronStage): Float64Array {
  const area = countElements(shape) / shape[0];
  return v0.map((value, i) => (refine === null ? value / (threshold[Math.floor(i / area)] as number) : 0.5));
}

/** clip(V(d)/θ, 0, 1) */
function startAfter({ threshold, shape }: NeuronStage, potentials: Numbers): Float64Array {
  const area = countElements(shape) / shape[0];
  return Float64Array.from(potentials, (v, i) =>
    Math.min(Math.max(v / (threshold[Math.floor(i / area)] as number), 0), 1),
  );
}

/** The network's value as the conversion means it: times κ, with what was calibrated. */
function calibrate({ kappa, shift, area }: DiagnosedLayer, own: Numbers): Numbers {
  if (kappa === 1 && shift === null) return own;
  return Float64Array.from(own, (value, i) => value * kappa + (shift?.[Math.floor(i / area)] ?? 0));
}
