/**
 * What can still be done about a conversion as a whole, by what its options say was done already.
 *
 * Knows: options of a conversion, the presets for few steps. May not know: layers, causes.
 */
import { isMadeForOneT } from "../../graph/made-for-steps.js";
import { stepChoices } from "./predict-steps.js";

/** A conversion as advice sees it. */
export interface ConvertedFor {
  /** The options that the SNN was converted with, flags' names in camelCase. */
  readonly options: Readonly<Record<string, unknown>>;
  /** T of the run. */
  readonly steps: number;
  /** Smallest spike of a step: below 0 where spikes can be taken back. */
  readonly lo: number;
  /** Whether spikes refine a value. */
  readonly refines: boolean;
}

/** The next T worth trying; beyond those that are looked at, twice as many. */
export function nextSteps(steps: number): number {
  return stepChoices.find((t) => t > steps) ?? 2 * steps;
}

/** Whether currents and potentials were fitted to the T it runs at. */
export function isFitted({ options, steps }: Pick<ConvertedFor, "options" | "steps">): boolean {
  return options.adjust === "bias+potential" && options.T === steps;
}

/** Whether something of the SNN was made for another T. */
export function isMadeForOtherT({ options, steps }: Pick<ConvertedFor, "options" | "steps">): boolean {
  return isMadeForOneT(options) && options.T !== steps;
}

/** Up to so many steps the presets for few steps are measured (docs/few-steps.md). */
const fewSteps = 64;

/** The presets for few steps that would send other spikes than these, or be fitted to this T where these are not. */
export function otherPresets(of: ConvertedFor): readonly string[] {
  if (of.refines || of.steps > fewSteps) return [];
  const binary = of.lo === 0 && !isFitted(of) ? ["binary"] : [];
  const signed = of.lo === 0 || !isFitted(of) ? ["signed"] : [];
  return [...binary, ...signed, "refine"];
}

/** `more steps (-T 24), or --preset signed, or --preset refine`; what was made for another T is converted for this one first. */
export function listRemedies(of: ConvertedFor): string {
  if (isMadeForOtherT(of)) return `convert for the T it runs at (-T ${of.steps})`;
  const presets = otherPresets(of).map((preset) => `--preset ${preset}`);
  return [`more steps (-T ${nextSteps(of.steps)})`, ...presets].join(", or ");
}
