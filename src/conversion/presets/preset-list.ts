/**
 * The presets, one line each, in the order in which help lists them.
 *
 * Knows: which presets there are. May not know: what their options do.
 */
import { authorsPreset } from "./authors.js";
import { defaultPreset } from "./default.js";
import { paperPreset } from "./paper.js";
import type { Preset } from "./preset.js";

export const presets: readonly Preset[] = [defaultPreset, paperPreset, authorsPreset];
