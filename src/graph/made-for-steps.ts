/**
 * Whether a spiking network was made for one number of steps, and what to say where it runs for another.
 *
 * Knows: the options that a conversion saved. May not know: how thresholds were found.
 */
import type { Warning } from "../core/respike-error.js";
import type { Snn } from "./snn.js";

/** A warning where thresholds, constant currents or initial potentials belong to another T; null where they fit, or fit any. */
export function warnOfOtherSteps({ options }: Pick<Snn, "options">, steps: number): Warning | null {
  const { T, lambda, adjust = "off" } = options;
  const parts = [
    ...(lambda === "mmse" ? ["thresholds"] : []),
    ...(adjust === "off" ? [] : ["constant currents"]),
    ...(adjust === "bias+potential" ? ["initial potentials"] : []),
  ];
  if (typeof T !== "number" || T === steps || parts.length === 0) return null;
  return {
    code: "made-for-other-steps",
    where: `T = ${steps}`,
    message: `its ${parts.join(", ")} were made for T = ${T}; convert again with -T ${steps}`,
  };
}
