/**
 * Whether a membrane can leave 32 bits.
 *
 * Knows: bounds of currents, V(0), θ, T. May not know: memory, steps.
 */
import { refuseInput } from "../../../core/respike-error.js";
import type { Refinement } from "../../../graph/node-types.js";
import { halvingsAt, largestCount } from "../../../graph/refinement.js";
import type { LayerKernel } from "./layer-kernel.js";

/**
 * |V| ≤ |V(0)| + T·max|I| and, since kernels hold V − θ, that and θ have to stay below 2³¹.
 *
 * @param constant largest magnitude of the image's currents on the layer
 * Where the layer refines, what it starts from is doubled h times, and a current and a spike of every step after that: |J| + θ·N.
 *
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
  const theta = largestMagnitude(stage.threshold);
  const largest =
    stage.refine === null
      ? largestV0 + steps * current + theta
      : boundRefined(stage.refine, largestV0 + constant, current - constant, stage.hi * theta, steps);
  if (largest < 2 ** 31) return;
  throw refuseInput({
    code: "membrane-overflow",
    where: stage.name,
    rule: "V(0) + T·(largest current) + θ stays below 2³¹",
    value: String(largest),
    next: "choose a smaller T, or convert the model again",
  });
}

/** @param most θ·g */
function boundRefined(
  refine: Refinement,
  start: number,
  current: number,
  most: number,
  steps: number,
): number {
  return start * 2 ** halvingsAt(refine, steps) + (current + most) * largestCount(1, refine, steps) + most;
}

export function largestMagnitude(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] as number));
  return largest;
}
