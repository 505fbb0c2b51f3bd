/**
 * What to do about a cause of error: one row each, the first that fits is given.
 *
 * Knows: options of a conversion. May not know: how errors are measured, where advice is printed.
 */
import type { ErrorPart } from "./error-parts.js";

/** What a row may look at. */
export interface AdviceCase {
  readonly cause: ErrorPart;
  /** The options that the SNN was converted with, flags' names in camelCase. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Smallest spike of a step: below 0 where spikes can be taken back. */
  readonly lo: number;
  readonly reset: "subtract" | "zero";
  /** Channels of the layer that were made never to fire. */
  readonly silentChannels: number;
}

export interface AdviceRow {
  readonly id: string;
  readonly cause: ErrorPart;
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

const always = () => true;

export const adviceTable: readonly AdviceRow[] = [
  {
    id: "shortcut-norm-off",
    cause: "wiring",
    applies: ({ options }) => options.shortcutNorm === "off",
    advice: () => "its shortcut is not normalised: convert with --shortcut-norm on",
  },
  {
    id: "defect",
    cause: "wiring",
    applies: always,
    advice: () =>
      "a defect in this very layer: its weights, bias, shortcut or λ are not the network's; convert the model again, and if it stays, report it with the model",
  },
  {
    id: "silent-channels",
    cause: "clipping",
    applies: ({ silentChannels }) => silentChannels > 0,
    advice: ({ silentChannels }) =>
      `${silentChannels} channels never fire, as no calibration image moved them: calibrate on more images (--calibrate-n all)`,
  },
  {
    id: "raise-percentile",
    cause: "clipping",
    applies: ({ options }) => isPercentile(options.lambda),
    advice: ({ options }) =>
      `raise its percentile to ${raisePercentile(options.lambda as string).replace(/^p/, "")} (--lambda ${raisePercentile(options.lambda as string)})`,
  },
  {
    id: "more-calibration",
    cause: "clipping",
    applies: ({ options }) => options.lambda === "max" && options.calibrateN !== "all",
    advice: () =>
      "these images exceed the maximum of the calibration images: calibrate on more (--calibrate-n all)",
  },
  {
    id: "trained-ceiling",
    cause: "clipping",
    applies: ({ options }) => options.lambda === "ceiling",
    advice: () => "it was trained with a lower ceiling than these images need: --lambda p99.99 instead",
  },
  {
    id: "made-for-few-steps",
    cause: "clipping",
    applies: always,
    advice: () => "its threshold was chosen small for few steps: convert for a larger T",
  },
  {
    id: "half-threshold",
    cause: "quantisation",
    applies: ({ options }) => typeof options.v0 === "number" && options.v0 < 0.25,
    advice: () => "it rounds down: start at half the threshold (--v0 0.5)",
  },
  {
    id: "lower-lambda",
    cause: "quantisation",
    applies: ({ options }) => options.lambda === "max",
    advice: () => "its rates are small against the maximum: --lambda p99.9",
  },
  {
    id: "channel-scope",
    cause: "quantisation",
    applies: ({ options }) => isPercentile(options.lambda) && options.lambdaScope === "layer",
    advice: () => "its rates are small against λ: a λ a channel (--lambda-scope channel), or more steps",
  },
  {
    id: "more-steps",
    cause: "quantisation",
    applies: always,
    advice: () => "more steps: quantisation falls as 1/T",
  },
  {
    id: "reset-subtract",
    cause: "unevenness",
    applies: ({ reset }) => reset === "zero",
    advice: () => "its reset throws charge away: --reset subtract",
  },
  {
    id: "signed-spikes",
    cause: "unevenness",
    applies: ({ lo }) => lo === 0,
    advice: () =>
      "its spikes come unevenly: let spikes be taken back (--spikes signed; for few steps --preset signed), calibrate for this T, or more steps",
  },
  {
    id: "uneven-signed",
    cause: "unevenness",
    applies: always,
    advice: () => "its spikes come unevenly: more steps",
  },
  {
    id: "look-before",
    cause: "propagated",
    applies: always,
    advice: () => "its error comes in with its inputs: look at the layers before it",
  },
];

/** The first row that fits. */
export function chooseAdvice(of: AdviceCase): { readonly id: string; readonly advice: string } {
  const row = adviceTable.find(({ cause, applies }) => cause === of.cause && applies(of));
  return row === undefined ? { id: "none", advice: "" } : { id: row.id, advice: row.advice(of) };
}
