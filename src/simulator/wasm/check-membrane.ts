/**
 * Whether a membrane can leave 32 bits.
 *
 * Knows: bounds of currents, V(0), θ, T. May not know: memory, steps.
 */
import { refuseInput } from "../../core/respike-error.js";
import type { LayerKernel } from "./layer-kernel.js";

/**
 * |V| ≤ |V(0)| + T·max|I| and, since kernels hold V − θ, that and θ have to stay below 2³¹.
 *
 * @param constant largest magnitude of the image's currents on the layer
 * @throws RespikeError (exit 3, `membrane-overflow`)
 */
export function checkMembrane(
  { stage, bounds }: LayerKernel,
  largestV0: number,
  constant: number,
  steps: number,
): void {
  if (stage.number === "float32") return;
  const current = Math.max(-bounds.lowest, bounds.highest) + constant;
  const largest = largestV0 + steps * current + largestMagnitude(stage.threshold);
  if (largest < 2 ** 31) return;
  throw refuseInput({
    code: "membrane-overflow",
    where: stage.name,
    rule: "V(0) + T·(largest current) + θ stays below 2³¹",
    value: String(largest),
    next: "choose a smaller T, or convert the model again",
  });
}

export function largestMagnitude(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] as number));
  return largest;
}
