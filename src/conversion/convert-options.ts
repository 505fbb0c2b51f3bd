/**
 * The options of a conversion, their defaults and how presets and flags combine.
 *
 * Knows: names and defaults of the contract. May not know: what they do to a graph.
 */
import { refuseUsage } from "../core/respike-error.js";
import type { Readout, ResetRule } from "../graph/node-types.js";
import { alphabetRule, parseAlphabet, parseRefinement } from "../graph/spike-alphabet.js";
import { presets } from "./presets/preset-list.js";

export interface ConvertOptions {
  readonly preset: string;
  /**
   * `max`, `p` and a percentile, `ceiling` (what the network was trained with), `mmse` (least squared error of the steps that are read)
   * or `ltb` (threshold balancing).
   */
  readonly lambda: string;
  readonly lambdaScope: "layer" | "channel";
  /** λ is so many times what `lambda` says. */
  readonly lambdaFactor: number;
  readonly calibrateN: number | "all";
  /** `projections`: of shortcuts, only these are normalised. */
  readonly shortcutNorm: "on" | "off" | "projections";
  readonly compensate: "off" | "shared" | "layer";
  /** What is fitted layer by layer to what the layers before really send: constant currents, initial potentials. */
  readonly adjust: "off" | "bias" | "bias+potential";
  /** One initial potential a channel, or one a neuron, which ties the SNN to the image's size. */
  readonly adjustScope: "channel" | "neuron";
  /** Training images that `adjust` looks at. */
  readonly adjustN: number;
  /** Steps the SNN is made for. */
  readonly T: number;
  /** Initial potential, a multiple of θ. */
  readonly v0: number;
  readonly reset: ResetRule;
  /** `binary`, `signed`, `burst:N`, `signed-burst:N` or `refine:N`. */
  readonly spikes: string;
  /** How often the quantum of `refine:N` is halved a step. */
  readonly shrink: number;
  readonly maxpool: "gate" | "before";
  readonly avgpool: "current" | "neuron";
  readonly output: "current" | "neuron";
  readonly readout: Readout;
  readonly delay: number;
  readonly number: "auto" | "int16" | "int32" | "float32";
  readonly seed: number;
}

/** What a caller says; the rest comes from the preset, then from the defaults. */
export type ExplicitOptions = { readonly [K in keyof ConvertOptions]?: ConvertOptions[K] | undefined };

const defaults: Omit<ConvertOptions, "readout"> = {
  preset: "default",
  lambda: "p99.9",
  lambdaScope: "layer",
  lambdaFactor: 1,
  calibrateN: 2000,
  shortcutNorm: "on",
  compensate: "off",
  adjust: "off",
  adjustScope: "channel",
  adjustN: 128,
  T: 350,
  v0: 0.5,
  reset: "subtract",
  spikes: "binary",
  shrink: 1,
  maxpool: "gate",
  avgpool: "current",
  output: "current",
  delay: 0,
  number: "auto",
  seed: 0,
};

/**
 * explicit > preset > the network's ceilings > default.
 *
 * @param withCeilings whether the network was trained with a ceiling a layer: λ is that where nothing else is said
 * @param layers how many layers of neurons the network will have; presets make deep ones for more steps
 * @throws RespikeError (exit 2) for an unknown preset and for values that exclude each other
 */
export function resolveConvertOptions(
  explicit: ExplicitOptions,
  withCeilings = false,
  layers = 0,
): ConvertOptions {
  const name = explicit.preset ?? defaults.preset;
  const preset = presets.find((each) => each.name === name);
  if (preset === undefined) {
    const names = presets.map((each) => each.name).join(", ");
    throw usage("--preset", `one of ${names}`, `'${name}'`, "choose one of them");
  }
  const given = Object.fromEntries(
    Object.keys(defaults)
      .filter((key) => explicit[key as keyof ExplicitOptions] !== undefined)
      .map((key) => [key, explicit[key as keyof ExplicitOptions]]),
  );
  const trained = withCeilings && given.lambdaScope !== "channel" ? { lambda: "ceiling" } : {};
  const refines = parseRefinement(String(given.spikes ?? preset.options.spikes)) !== null;
  const asked = { ...trained, ...(refines ? { v0: 0 } : {}), ...preset.options, ...given };
  const fixed = { ...defaults, ...asked };
  const T = given.T ?? preset.stepsFor?.(layers) ?? fixed.T;
  const delay = given.delay ?? preset.delayAt?.(T as number) ?? fixed.delay;
  const merged = { ...fixed, T, delay } as Omit<ConvertOptions, "readout">;
  const usual = refines ? "final" : merged.output === "neuron" ? "count" : "mean";
  const readout = explicit.readout ?? preset.options.readout ?? usual;
  const options: ConvertOptions = { ...merged, readout };
  checkOptions(options);
  return options;
}

function checkOptions(options: ConvertOptions): void {
  const { readout, output, spikes, delay, T, lambda } = options;
  if (parseAlphabet(spikes) === null) throw usage("--spikes", alphabetRule, spikes, "choose one of them");
  if (parseRefinement(spikes) !== null) checkRefinement(options);
  else if (readout === "final") {
    throw usage("--readout", "final values are those of --spikes refine:N", readout, "leave it out");
  }
  if (readout !== "mean" && readout !== "final" && output !== "neuron") {
    throw usage("--readout", "counts need neurons at the output", readout, "add --output neuron");
  }
  if (readout === "mean" && output === "neuron") {
    throw usage("--readout", "an output of neurons is read by counts", readout, "use --readout count");
  }
  checkNumbers(options);
  if (delay >= T) throw usage("--delay", `less than T = ${T}`, String(delay), "leave out fewer steps");
  const isNamed = ["max", "ceiling", "mmse", "ltb"].includes(lambda);
  if (!isNamed && !(percentileOf(lambda) >= 0 && percentileOf(lambda) <= 100)) {
    const rule = "max, ceiling, mmse, ltb, or p and a percentile from 0 to 100";
    throw usage("--lambda", rule, lambda, "use p99.9");
  }
  if (lambda === "ceiling" && options.lambdaScope === "channel") {
    throw usage("--lambda-scope", "a layer has one ceiling", "channel", "leave one of the two out");
  }
}

/** What a value that is refined cannot have. */
function checkRefinement(options: ConvertOptions): void {
  const rules = [
    ["--readout", "a value that is refined is read by final", options.readout, options.readout === "final"],
    ["--output", "a value that is refined is read as currents", options.output, options.output === "current"],
    ["--reset", "layers that refine are reset by subtraction", options.reset, options.reset === "subtract"],
    ["--v0", "layers that refine start from 0", String(options.v0), options.v0 === 0],
    ["--delay", "a final value is no mean over steps", String(options.delay), options.delay === 0],
    ["--adjust", "its start is 0: bias, or off", options.adjust, options.adjust !== "bias+potential"],
    ["--shrink", "1, 2 or 3 halvings a step", String(options.shrink), [1, 2, 3].includes(options.shrink)],
    ["--compensate", "compensation is that of rates", options.compensate, options.compensate === "off"],
  ] as const;
  const isPresets = presets.some(
    ({ name, options: own }) => name === options.preset && own.spikes === options.spikes,
  );
  const cause = isPresets ? `preset ${options.preset}` : `--spikes ${options.spikes}`;
  for (const [flag, rule, value, holds] of rules) {
    if (!holds) throw usage(flag, `${rule} (${cause})`, value, "leave it out");
  }
}

/** Steps at the beginning of which no output is read: those that a mean leaves out. */
export function stepsLeftOut({ readout, delay }: Pick<ConvertOptions, "readout" | "delay">): number {
  return readout === "mean" ? delay : 0;
}

/** So few steps tell too little of what a layer sends to be fitted to (docs/few-steps.md). */
const leastFitted = 3;

/**
 * Steps at the beginning that thresholds and currents are not fitted to: those that are not read; none where fewer than 3 are
 * read, thresholds of so few levels lose more than the start does.
 */
export function stepsNotFitted(options: Pick<ConvertOptions, "readout" | "delay" | "T">): number {
  const left = stepsLeftOut(options);
  return options.T - left < leastFitted ? 0 : left;
}

/**
 * How layers are fitted where steps are left out, which no option says: part of the keys of results that are kept; a change of
 * how it is done gets another name. Null where all steps are read.
 */
export function nameFit(options: Pick<ConvertOptions, "readout" | "delay" | "T">): string | null {
  if (stepsLeftOut(options) === 0) return null;
  return stepsNotFitted(options) === 0 ? "all steps, potentials first" : "steps that are read";
}

/** The library takes numbers that no flag has checked; one out of bounds would only show in the spikes. */
function checkNumbers({ T, delay, v0, seed, adjustN, lambdaFactor }: ConvertOptions): void {
  const isCount = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  if (!isCount(T, 1)) throw usage("-T", "an integer, 1 or more", String(T), "choose a number of steps");
  if (!isCount(delay, 0)) {
    throw usage("--delay", "an integer, 0 or more", String(delay), "choose a number of steps");
  }
  if (!isCount(adjustN, 1)) throw usage("--adjust-n", "an integer, 1 or more", String(adjustN), "use 128");
  if (!(lambdaFactor > 0 && lambdaFactor <= 16)) {
    throw usage("--lambda-factor", "a factor from 0 to 16", String(lambdaFactor), "use 1");
  }
  if (!(v0 >= 0 && v0 <= 1)) throw usage("--v0", "a multiple of θ from 0 to 1", String(v0), "use 0.5");
  if (!Number.isSafeInteger(seed)) throw usage("--seed", "an integer", String(seed), "use 0");
}

/** 99.9 of `p99.9`; NaN where it is none. */
export function percentileOf(lambda: string): number {
  return /^p\d+(\.\d+)?$/.test(lambda) ? Number(lambda.slice(1)) : Number.NaN;
}

function usage(where: string, rule: string, value: string, next: string) {
  return refuseUsage({ code: "usage", where, rule, value, next });
}
