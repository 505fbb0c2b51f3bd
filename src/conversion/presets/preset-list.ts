/**
 * The presets, one line each, in the order in which help lists them.
 *
 * Knows: which presets there are. May not know: what their options do.
 */
import { authorsPreset } from "./authors.js";
import { binaryPreset } from "./binary.js";
import { defaultPreset } from "./default.js";
import { ltbPreset } from "./ltb.js";
import { paperPreset } from "./paper.js";
import type { Preset } from "./preset.js";
import { refinePreset } from "./refine.js";
import { signedPreset } from "./signed.js";

export const presets: readonly Preset[] = [
  defaultPreset,
  paperPreset,
  authorsPreset,
  binaryPreset,
  signedPreset,
  refinePreset,
  ltbPreset,
];
