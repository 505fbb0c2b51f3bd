/**
 * The ways in which the experiments convert networks: names for sets of `convert`'s options.
 *
 * Knows: options' names. May not know: networks, what options do.
 *
 * All but the presets begin with the article's own setting, λ = maximum over the whole training split and V(0) = 0.
 */
import type { ExplicitOptions } from "../../conversion/convert-options.js";
import { presets } from "../../conversion/presets/preset-list.js";
import { flagName } from "../../core/flag-name.js";
import { isMadeForOneT } from "../../graph/made-for-steps.js";
import { networkRecipe } from "./experiment.js";

export interface Recipe {
  readonly name: string;
  /** What it stands for, in words. */
  readonly says: string;
  readonly options: ExplicitOptions;
  /** What `--quick` changes: fewer calibration images, no search. */
  readonly quick?: ExplicitOptions;
  /** T of the last row that looks at it; 350 by default. */
  readonly lastStep?: number;
}

/** T that the presets for few steps are looked at, in all experiments. */
export const fewSteps = [16, 32, 64] as const;

const bare = { preset: "paper", compensate: "off" } as const;
const few = { calibrateN: 2000 } as const;
const without = { shortcutNorm: "off" } as const;

function recipe(name: string, says: string, options: ExplicitOptions, quick?: ExplicitOptions): Recipe {
  return { name, says, options, ...(quick === undefined ? {} : { quick }) };
}

/** A recipe and the same without shortcut normalisation. */
function pair(name: string, says: string, options: ExplicitOptions, quick?: ExplicitOptions): Recipe[] {
  return [
    recipe(name, says, options, quick),
    recipe(`${name}, without`, `${says}, without shortcut normalisation`, { ...options, ...without }, quick),
  ];
}

const known: readonly Recipe[] = [
  ...pair(
    "paper",
    "the article's: λ = maximum, V(0) = 0, compensated",
    { preset: "paper" },
    { ...few, compensate: "off" },
  ),
  ...pair("maximum", "λ = maximum, V(0) = 0 (Diehl et al. 2015)", bare, few),
  ...pair("half", "λ = maximum, V(0) = θ/2", { ...bare, v0: 0.5 }, few),
  ...pair("percentile", "λ = 99.9th percentile, V(0) = 0", { ...bare, lambda: "p99.9" }, few),
  ...pair("zero", "λ = maximum, V(0) = 0, reset to zero", { ...bare, reset: "zero" }, few),
  ...pair("authors", "the authors' code of 2021", { preset: "authors" }, few),
  ...pair("default", "λ = 99.9th percentile of 2,000 images, V(0) = θ/2", { preset: "default" }),
  recipe(
    "default, identities without",
    "λ = 99.9th percentile of 2,000 images, V(0) = θ/2, identity shortcuts alone without normalisation",
    { preset: "default", shortcutNorm: "projections" },
  ),
  recipe(
    "maximum, identities without",
    "λ = maximum, V(0) = 0, identity shortcuts alone without normalisation",
    { ...bare, shortcutNorm: "projections" },
    few,
  ),
  recipe(
    "rueckauer",
    "99.9th percentile, reset by subtraction, V(0) = 0, no shortcut rule (Rueckauer et al. 2017)",
    { ...bare, lambda: "p99.9", ...without },
    few,
  ),
  recipe(
    "cao",
    "λ = maximum, V(0) = 0, reset to zero (in the style of Cao et al. 2015)",
    { ...bare, reset: "zero" },
    few,
  ),
  recipe("shared", "compensated by one factor", { ...bare, compensate: "shared" }, few),
  recipe("layer", "compensated layer by layer", { ...bare, compensate: "layer" }, few),
  recipe(networkRecipe, "the network itself, one step of spikes", { preset: "default", calibrateN: 500 }),
  ...presets
    .filter(({ name }) => !["default", "paper", "authors"].includes(name))
    .map(({ name, summary }) => ({
      ...recipe(name, `preset ${name}: ${summary}`, { preset: name }),
      lastStep: Math.max(...fewSteps),
    })),
];

/** @throws RangeError for a name that an experiment has and the list has not */
export function findRecipe(name: string): Recipe {
  const found = known.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`no recipe '${name}'`);
  return found;
}

/** Names of the presets for few steps; `default` stands in where there is none. */
export function listFewStepPresets(): readonly string[] {
  return presets.map(({ name }) => name).filter((name) => !["paper", "authors"].includes(name));
}

/** The options of a recipe, all that its preset says written out; what is left out is the default. */
export function expandOptions(recipe: Recipe, quick: boolean): ExplicitOptions {
  const explicit = { ...recipe.options, ...(quick ? recipe.quick : {}) };
  const preset = presets.find(({ name }) => name === explicit.preset);
  return { ...preset?.options, ...explicit };
}

/** Whether the SNN is made for one T: searched for it, or made of parts that fit no other. */
export function isBoundToT({ compensate = "off", ...options }: ExplicitOptions): boolean {
  return compensate !== "off" || isMadeForOneT(options);
}

/** Steps that the recipe's preset leaves out of the readout at T. */
export function delayAt({ preset, delay }: ExplicitOptions, T: number): number {
  return delay ?? presets.find(({ name }) => name === preset)?.delayAt?.(T) ?? 0;
}

/** As words of `respike convert`: `--preset paper --shortcut-norm off`. */
export function describeOptions({ options, quick: changed }: Recipe, quick: boolean): string {
  return writeWords({ ...options, ...(quick ? changed : {}) });
}

/** What it stands for, and what `--quick` makes of it. */
export function describeRecipe({ says, quick: changed }: Recipe, quick: boolean): string {
  return quick && changed !== undefined ? `${says}; quick: ${writeWords(changed)}` : says;
}

function writeWords(options: ExplicitOptions): string {
  return Object.entries(options)
    .map(([key, value]) => `${flagName(key)} ${String(value)}`)
    .join(" ");
}
