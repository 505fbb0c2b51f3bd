/**
 * What `auto` is asked for, checked before anything is converted.
 *
 * Knows: bounds and how many images can show them. May not know: presets' recipes, simulation.
 */
import { type RespikeError, refuseUsage } from "../../core/respike-error.js";
import type { AlphabetName, AutoResult } from "../../evaluation/auto-result.js";
import type { Conversion, ConversionResult, ConvertCallOptions } from "../convert.js";
import { autoTimes } from "./list-contenders.js";

export interface AutoCallOptions extends ConvertCallOptions {
  /** Points that the upper end of the loss's paired 95 % interval may have (0.5). */
  readonly maxLoss?: number | undefined;
  /** Only presets whose neurons send this (any). */
  readonly alphabet?: AlphabetName | undefined;
  /** Fewest steps, then operations; or fewest operations (`steps`). */
  readonly minimise?: "steps" | "sop" | undefined;
  /** Held-back training images that judge; `all` of them (5,000, or a tenth of a smaller split). */
  readonly judgeN?: number | "all" | undefined;
  /** Each T that is tried, ascending (2 … 350). */
  readonly times?: readonly number[] | undefined;
  /** A page with accuracy against steps and operations of all candidates; those beyond the choice are looked at for it. */
  readonly front?: string | undefined;
  /** Told of the conversion that was chosen, before the rest of the front is looked at; it is waited for. */
  readonly onChosen?: ((chosen: AutoConversion) => Promise<void> | void) | undefined;
}

/** A conversion, and how it was chosen. */
export interface AutoConversion extends Conversion {
  readonly result: ConversionResult & { readonly auto: AutoResult };
}

const chosenByAuto = ["T", "spikes", "delay", "readout"] as const;
const alphabets: readonly unknown[] = ["binary", "signed", "multi-level"] satisfies AlphabetName[];

/** What is asked for of the search, with defaults. */
export interface AutoRequest {
  readonly bound: number;
  readonly times: readonly number[];
  readonly alphabet: AlphabetName | null;
  readonly minimise: "steps" | "sop";
}

/** @throws RespikeError (exit 2) for options that `auto` decides itself or cannot judge, and for those out of bounds */
export function checkAutoOptions(options: AutoCallOptions): AutoRequest {
  const { preset = "auto", compensate = "off" } = options;
  if (preset !== "auto") {
    throw refuse("--preset", "auto, or left out", `'${preset}'`, "convert with a preset by convert");
  }
  for (const key of chosenByAuto) {
    if (options[key] === undefined) continue;
    const next = key === "spikes" ? "give --alphabet, or name a preset" : "leave it out, or name a preset";
    throw refuse(key === "T" ? "-T" : `--${key}`, "--preset auto chooses it", String(options[key]), next);
  }
  if (compensate !== "off") {
    const rule =
      "off with --preset auto, which judges on the held-back images that compensation is searched on";
    throw refuse("--compensate", rule, compensate, "name a preset");
  }
  return checkRequest(options);
}

function checkRequest(options: AutoCallOptions): AutoRequest {
  const { maxLoss: bound = 0.5, times = autoTimes, alphabet = null, minimise = "steps" } = options;
  if (!(bound > 0 && bound <= 100)) {
    throw refuse("--max-loss", "a number of points above 0, at most 100", String(bound), "use 0.5");
  }
  if (alphabet !== null && !alphabets.includes(alphabet)) {
    throw refuse("--alphabet", `one of ${alphabets.join(", ")}`, String(alphabet), "choose one of them");
  }
  if (!["steps", "sop"].includes(minimise)) {
    throw refuse("--minimise", "steps or sop", String(minimise), "choose one of them");
  }
  const isAscending = times.every((T, at) => Number.isSafeInteger(T) && T > (times[at - 1] ?? 0));
  if (times.length === 0 || !isAscending) {
    const rule = "whole numbers of steps, 1 or more, ascending, at least one";
    throw refuse("times", rule, `[${times.join(", ")}]`, "sort them, each once");
  }
  return { bound, times, alphabet, minimise };
}

/**
 * How many of the held-back images judge.
 *
 * Without one differing image the interval's upper end is 196/(n + 2) points: fewer images could never show the bound.
 *
 * @throws RespikeError (exit 2) where that is above the bound, or there are no such many images
 */
export function countJudged(judgeN: number | "all", heldBack: number, bound: number): number {
  const n = judgeN === "all" ? heldBack : judgeN;
  if (!(Number.isInteger(n) && n >= 1 && n <= heldBack)) {
    const rule = `1…${heldBack} images, or all: those of the training split that are held back`;
    throw refuse("--judge-n", rule, String(n), `give a number up to ${heldBack}, or all`);
  }
  const needed = Math.ceil(196 / bound) - 2;
  if (n >= needed) return n;
  const rule = `enough images to show a loss of at most ${bound} points: ${needed}, where not one differs`;
  const next = needed <= heldBack ? `give ${needed} or more` : "give a larger --max-loss";
  throw refuse("--judge-n", rule, String(n), next);
}

function refuse(where: string, rule: string, value: string, next: string): RespikeError {
  return refuseUsage({ code: "usage", where, rule, value, next });
}
