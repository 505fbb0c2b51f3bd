/**
 * The presets that `auto` chooses among, and whether each is made for one T.
 *
 * Knows: presets and their options. May not know: images, simulators.
 */
import { type ExplicitOptions, resolveConvertOptions } from "../../conversion/convert-options.js";
import { presets } from "../../conversion/presets/preset-list.js";
import type { AlphabetName } from "../../evaluation/auto-result.js";
import { countActivations } from "../../graph/count-activations.js";
import type { Graph } from "../../graph/graph.js";
import { warnOfOtherSteps } from "../../graph/made-for-steps.js";
import { hasCeilings } from "../../graph/trained-ceilings.js";
import type { Contender } from "./search-steps.js";

/** Each T that is tried. */
export const autoTimes: readonly number[] = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 350];

/** The article's recipes measure the whole training split and are there to be reproduced. */
const leftOut = ["paper", "authors"];

export interface PresetContender extends Contender {
  /** Its thresholds, currents or readout are made for one T: each T is a conversion of its own. */
  readonly isMadeForSteps: boolean;
}

/** @throws RespikeError (exit 2) where an option does not fit a preset */
export function listContenders(
  graph: Graph,
  options: ExplicitOptions,
  alphabet: AlphabetName | null,
): readonly PresetContender[] {
  const T = autoTimes[autoTimes.length - 1] as number;
  return presets
    .filter((preset) => !leftOut.includes(preset.name) && (alphabet ?? preset.alphabet) === preset.alphabet)
    .map((preset) => {
      const asked = { ...options, preset: preset.name, T };
      const resolved = resolveConvertOptions(asked, hasCeilings(graph), countActivations(graph));
      const isMadeForSteps = warnOfOtherSteps({ options: { ...resolved } }, 0) !== null || resolved.delay > 0;
      return { preset: preset.name, alphabet: preset.alphabet, isMadeForSteps };
    });
}
