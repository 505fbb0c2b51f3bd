/**
 * How much of a layer's wiring error rounding explains, so that what is above it is a defect.
 *
 * Knows: rounding to integers. May not know: what the error is.
 */
import type { NeuronStage } from "../../simulator/plan/snn-plan.js";
import type { DiagnosedLayer } from "./diagnosed-layers.js";

/** Of the expectation; and the floor that float32 sums need. */
const margin = 16;
const floor = 1e-8;

/**
 * Largest mean square of wiring over that of the activation for which rounding may be the cause.
 *
 * Weights w·θ rounded to integers err by δ with E δ² = 1/12, so a step's current errs by Σ δ²·r² over the inputs' rates
 * r, in expectation fanIn·E r²/12, and the constant currents by 1/12 each; times (λ/θ)². Sixteen times that, plus 10⁻⁸.
 *
 * @param rateSquare source → mean square of its rate, of the image of its pixels
 * @param size mean square of the activation
 */
export function boundRounding(
  { stage, lambda }: DiagnosedLayer,
  rateSquare: (source: string) => number,
  size: number,
): number {
  if (stage.number === "float32" || !(size > 0)) return floor;
  const perStep = stage.groups.reduce((sum, { source, node }) => {
    const weights = node.tensors.weight ?? node.tensors.scale;
    const fanIn = weights === undefined ? 0 : weights.data.length / (weights.shape[0] ?? 1);
    return sum + (fanIn * rateSquare(source)) / 12;
  }, 2 / 12);
  return floor + (margin * perStep * meanUnit(stage, lambda)) / size;
}

/** Mean of (λ/θ)² over the channels. */
function meanUnit({ threshold }: NeuronStage, lambda: ArrayLike<number>): number {
  let sum = 0;
  for (const [c, theta] of threshold.entries()) sum += ((lambda[c] as number) / theta) ** 2;
  return sum / threshold.length;
}
