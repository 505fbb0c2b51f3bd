/**
 * What to do about a cause of error: one row each, the first that fits is given. Nothing is advised that the options say was
 * done already.
 *
 * Knows: options of a conversion. May not know: how errors are measured, where advice is printed.
 */
import { listPartsForOneT } from "../../graph/made-for-steps.js";
import { type ErrorPart, localParts } from "./error-parts.js";
import {
  type ConvertedFor,
  isFitted,
  isMadeForOtherT,
  listRemedies,
  nextSteps,
  otherPresets,
} from "./remedies.js";

/** What a row may look at. */
export interface AdviceCase extends ConvertedFor {
  readonly cause: ErrorPart;
  readonly reset: "subtract" | "zero";
  /** Channels of the layer that were made never to fire. */
  readonly silentChannels: number;
  /** Fall of the outputs' error in percent if the layer made no errors of its own; null where nobody looked. */
  readonly effect: number | null;
}

export interface AdviceRow {
  readonly id: string;
  readonly causes: readonly ErrorPart[];
  readonly applies: (of: AdviceCase) => boolean;
  readonly advice: (of: AdviceCase) => string;
}

const isPercentile = (lambda: unknown): lambda is string =>
  typeof lambda === "string" && /^p\d+(\.\d+)?$/.test(lambda);

/** One more nine: p99.9 → p99.99. */
function raisePercentile(lambda: string): string {
  const percentile = Number(lambda.slice(1));
  const left = 100 - percentile;
  return left <= 0 ? "max" : `p${Number((100 - left / 10).toPrecision(12))}`;
}

/** A quarter more. */
function raiseFactor({ options }: AdviceCase): string {
  const factor = typeof options.lambdaFactor === "number" ? options.lambdaFactor : 1;
  return `--lambda-factor ${Number((1.25 * factor).toPrecision(3))}`;
}

const moreSteps = ({ steps }: AdviceCase) => `more steps (-T ${nextSteps(steps)})`;
const always = () => true;
const ownErrors = localParts.filter((part) => part !== "wiring");

const wiringRows: readonly AdviceRow[] = [
  {
    id: "shortcut-norm-off",
    causes: ["wiring"],
    applies: ({ options }) => options.shortcutNorm === "off" || options.shortcutNorm === "projections",
    advice: () => "its shortcut is not normalised: convert with --shortcut-norm on",
  },
  {
    id: "defect",
    causes: ["wiring"],
    applies: always,
    advice: () =>
      "a defect in this very layer: its weights, bias, shortcut or λ are not the network's; convert the model again, and if it stays, report it with the model",
  },
];

const anyCauseRows: readonly AdviceRow[] = [
  {
    id: "other-steps",
    causes: ownErrors,
    applies: isMadeForOtherT,
    advice: ({ options, steps }) =>
      `its ${listPartsForOneT(options).join(", ")} were made for T = ${String(options.T)}: convert for this T (-T ${steps})`,
  },
  {
    id: "no-gain",
    causes: ownErrors,
    applies: ({ effect }) => effect !== null && effect <= 0,
    advice: () => "the outputs gain nothing without its errors: nothing to do here",
  },
];

const clippingRows: readonly AdviceRow[] = [
  {
    id: "silent-channels",
    causes: ["clipping"],
    applies: ({ silentChannels, options }) => silentChannels > 0 && options.calibrateN !== "all",
    advice: ({ silentChannels }) =>
      `${silentChannels} channels never fire, as no calibration image moved them: calibrate on more images (--calibrate-n all)`,
  },
  {
    id: "refine-reach",
    causes: ["clipping"],
    applies: ({ refines }) => refines,
    advice: (of) =>
      `its values are more than ${of.steps} steps can tell: ${moreSteps(of)}, or ${raiseFactor(of)}`,
  },
  {
    id: "raise-percentile",
    causes: ["clipping"],
    applies: ({ options }) => isPercentile(options.lambda),
    advice: ({ options }) =>
      `raise its percentile to ${raisePercentile(options.lambda as string).replace(/^p/, "")} (--lambda ${raisePercentile(options.lambda as string)})`,
  },
  {
    id: "more-calibration",
    causes: ["clipping"],
    applies: ({ options }) => options.lambda === "max" && options.calibrateN !== "all",
    advice: () =>
      "these images exceed the maximum of the calibration images: calibrate on more (--calibrate-n all)",
  },
  {
    id: "trained-ceiling",
    causes: ["clipping"],
    applies: ({ options }) => options.lambda === "ceiling",
    advice: () => "it was trained with a lower ceiling than these images need: --lambda p99.99 instead",
  },
  {
    id: "made-for-few-steps",
    causes: ["clipping"],
    applies: ({ options }) => options.lambda === "mmse",
    advice: (of) =>
      `its threshold is the one of least error for T = ${of.steps}, small for few steps: ${moreSteps(of)}`,
  },
  {
    id: "raise-factor",
    causes: ["clipping"],
    applies: always,
    advice: (of) => `these images need a larger λ: ${raiseFactor(of)}`,
  },
];

const quantisationRows: readonly AdviceRow[] = [
  {
    id: "refine-finer",
    causes: ["quantisation"],
    applies: ({ refines }) => refines,
    advice: (of) => `its last quantum is too coarse: ${moreSteps(of)}`,
  },
  {
    id: "half-threshold",
    causes: ["quantisation"],
    applies: (of) => typeof of.options.v0 === "number" && of.options.v0 < 0.25 && !isFitted(of),
    advice: () => "it rounds down: start at half the threshold (--v0 0.5)",
  },
  {
    id: "lower-lambda",
    causes: ["quantisation"],
    applies: ({ options }) => options.lambda === "max",
    advice: () => "its rates are small against the maximum: --lambda p99.9",
  },
  {
    id: "channel-scope",
    causes: ["quantisation"],
    applies: ({ options }) => isPercentile(options.lambda) && options.lambdaScope === "layer",
    advice: () => "its rates are small against λ: a λ a channel (--lambda-scope channel), or more steps",
  },
  {
    id: "least-error",
    causes: ["quantisation"],
    applies: (of) => isPercentile(of.options.lambda) && otherPresets(of).length > 0,
    advice: (of) =>
      `its λ fits any T: one of least error for this T (--preset ${otherPresets(of)[0]} -T ${of.steps}), or ${moreSteps(of)}`,
  },
  {
    id: "more-steps",
    causes: ["quantisation"],
    applies: always,
    advice: (of) =>
      `quantisation falls as 1/T: ${moreSteps(of)}${otherPresets(of).length > 0 ? ", or quanta that shrink (--preset refine)" : ""}`,
  },
];

const unevennessRows: readonly AdviceRow[] = [
  {
    id: "reset-subtract",
    causes: ["unevenness"],
    applies: ({ reset }) => reset === "zero",
    advice: () => "its reset throws charge away: --reset subtract",
  },
  {
    id: "refine-untold",
    causes: ["unevenness"],
    applies: ({ refines }) => refines,
    advice: (of) => `it has not told its whole value yet: ${moreSteps(of)}`,
  },
  {
    id: "signed-spikes",
    causes: ["unevenness"],
    applies: (of) => of.lo === 0 && !isFitted(of),
    advice: (of) =>
      `its spikes come unevenly: let spikes be taken back (--spikes signed; for few steps --preset signed), fit it to this T (--adjust bias+potential), or ${moreSteps(of)}`,
  },
  {
    id: "signed-preset",
    causes: ["unevenness"],
    applies: ({ lo }) => lo === 0,
    advice: (of) =>
      `its spikes come unevenly, though it is fitted to this T: let them be taken back (--preset signed -T ${of.steps}), or ${moreSteps(of)}`,
  },
  {
    id: "fit-signed",
    causes: ["unevenness"],
    applies: (of) => !isFitted(of),
    advice: (of) =>
      `its spikes come unevenly: fit it to this T (--adjust bias+potential), or ${moreSteps(of)}`,
  },
  {
    id: "uneven-signed",
    causes: ["unevenness"],
    applies: always,
    advice: (of) =>
      `its spikes come unevenly, though they can be taken back and it is fitted to this T: ${listRemedies(of)}`,
  },
];

export const adviceTable: readonly AdviceRow[] = [
  ...wiringRows,
  ...anyCauseRows,
  ...clippingRows,
  ...quantisationRows,
  ...unevennessRows,
  {
    id: "look-before",
    causes: ["propagated"],
    applies: always,
    advice: () => "its error comes in with its inputs: look at the layers before it",
  },
];

/** The first row that fits. */
export function chooseAdvice(of: AdviceCase): { readonly id: string; readonly advice: string } {
  const row = adviceTable.find(({ causes, applies }) => causes.includes(of.cause) && applies(of));
  return row === undefined ? { id: "none", advice: "" } : { id: row.id, advice: row.advice(of) };
}
