/**
 * The presets that `auto` chooses among, and whether each is made for one T.
 *
 * Knows: presets and their options. May not know: images, simulators.
 */
import { type ExplicitOptions, resolveConvertOptions } from "../../conversion/convert-options.js";
import { presets } from "../../conversion/presets/preset-list.js";
import { RespikeError } from "../../core/respike-error.js";
import type { AlphabetName } from "../../evaluation/auto-result.js";
import { countActivations } from "../../graph/count-activations.js";
import type { Graph } from "../../graph/graph.js";
import { isMadeForOneT } from "../../graph/made-for-steps.js";
import { hasCeilings } from "../../graph/trained-ceilings.js";
import { refuseAllLeftOut } from "./left-out.js";
import type { Contender } from "./search-steps.js";

/** Each T that is tried. */
export const autoTimes: readonly number[] = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 350];

/** The article's recipes measure the whole training split and are there to be reproduced. */
const unasked = ["paper", "authors"];

export interface PresetContender extends Contender {
  /** Its thresholds, currents or readout are made for one T: each T is a conversion of its own. */
  readonly isMadeForSteps: boolean;
}

export interface Contenders {
  readonly contenders: readonly PresetContender[];
  /** Presets that an option does not fit, such as neurons at the output one whose values are refined, and why. */
  readonly leftOut: readonly { readonly preset: string; readonly error: RespikeError }[];
}

/** @throws RespikeError (exit 2) where an option fits none of the presets */
export function listContenders(
  graph: Graph,
  options: ExplicitOptions,
  alphabet: AlphabetName | null,
): Contenders {
  const T = autoTimes[autoTimes.length - 1] as number;
  const contenders: PresetContender[] = [];
  const leftOut: { preset: string; error: RespikeError }[] = [];
  for (const { name: preset, alphabet: own } of presets) {
    if (unasked.includes(preset) || (alphabet ?? own) !== own) continue;
    try {
      const asked = { ...options, preset, T };
      const resolved = resolveConvertOptions(asked, hasCeilings(graph), countActivations(graph));
      contenders.push({ preset, alphabet: own, isMadeForSteps: isMadeForOneT(resolved) });
    } catch (error) {
      if (!(error instanceof RespikeError)) throw error;
      leftOut.push({ preset, error });
    }
  }
  if (contenders.length === 0 && leftOut.length > 0) {
    throw refuseAllLeftOut(
      leftOut.map((each) => ({ ...each, T: null })),
      alphabet,
    );
  }
  return { contenders, leftOut };
}
