/**
 * Whether a spiking network was made for one number of steps, and what to say where it runs for another.
 *
 * Knows: the options that a conversion saved. May not know: how thresholds were found.
 */
import type { Warning } from "../core/respike-error.js";
import type { Snn } from "./snn.js";

/** Options of a conversion, those that say whether it belongs to one T among them; what is left out is the default. */
export interface StepOptions {
  readonly lambda?: unknown;
  readonly adjust?: unknown;
  readonly delay?: unknown;
}

/**
 * What of an SNN holds for the T it was made for alone: thresholds of least error, adjusted currents and potentials, a
 * readout that leaves steps out. Empty where it fits any T.
 *
 * A compensation, which is searched at one T too, changes the weights of an SNN that fits any T, and is not among them.
 */
export function listPartsForOneT({ lambda, adjust = "off", delay = 0 }: StepOptions): readonly string[] {
  return [
    ...(lambda === "mmse" ? ["thresholds"] : []),
    ...(adjust === "off" ? [] : ["constant currents"]),
    ...(adjust === "bias+potential" ? ["initial potentials"] : []),
    ...(delay === 0 ? [] : ["readout"]),
  ];
}

/** Whether each T is a conversion of its own. */
export function isMadeForOneT(options: StepOptions): boolean {
  return listPartsForOneT(options).length > 0;
}

/** What a mean that leaves the first `delay` steps out says of outputs up to that step. */
export function describeEarlyRead(delay: number): string {
  return `read by all steps up to t = ${delay}, without these from there on`;
}

/** A warning where something of the SNN belongs to another T; null where it fits, or fits any. */
export function warnOfOtherSteps({ options }: Pick<Snn, "options">, steps: number): Warning | null {
  const { T } = options;
  const parts = listPartsForOneT(options);
  if (typeof T !== "number" || T === steps || parts.length === 0) return null;
  return {
    code: "made-for-other-steps",
    where: `T = ${steps}`,
    message: `made for T = ${T}: its ${parts.join(", ")}; convert again with -T ${steps}`,
  };
}

/** A warning where what was fitted to the steps that are read is read by others; null where it fits, or nothing was. */
export function warnOfOtherDelay({ options }: Pick<Snn, "options">, delay: number): Warning | null {
  const fittedTo = typeof options.delay === "number" ? options.delay : 0;
  const parts = listPartsForOneT({ ...options, delay: 0 });
  if (delay === fittedTo || parts.length === 0) return null;
  const read = fittedTo === 0 ? "by all its steps" : `without its first ${fittedTo} steps`;
  return {
    code: "made-for-other-delay",
    where: `--delay ${delay}`,
    message: `made to be read ${read}: its ${parts.join(", ")}; leave --delay out, or convert again with --delay ${delay}`,
  };
}
