/**
 * The flags of `convert --preset auto`.
 *
 * Knows: their names, forms and explanations. May not know: what they do.
 */
import { choiceFlag, countFlag, numberFlag, textFlag } from "./flags.js";

export const autoFlags = {
  maxLoss: numberFlag(
    "POINTS",
    { min: 0.01, max: 100 },
    {
      description:
        "with --preset auto: what the loss on held-back training images may be at the upper end of its 95 % interval; from 0.01 to 100",
      shownDefault: "0.5",
    },
  ),
  alphabet: choiceFlag(["binary", "signed", "multi-level"], {
    description: "with --preset auto: only presets whose neurons send this",
    shownDefault: "any",
    synonyms: {
      ternary: "signed",
      graded: "multi-level",
      multilevel: "multi-level",
      multi: "multi-level",
    },
  }),
  minimise: choiceFlag(["steps", "sop"], {
    description: "with --preset auto: fewest steps, then operations; or fewest operations",
    shownDefault: "steps",
  }),
  judgeN: countFlag({
    description: "with --preset auto: how many held-back training images judge",
    shownDefault: "all",
  }),
  front: textFlag("FILE.html", {
    description:
      "with --preset auto: a page with accuracy against steps and operations; candidates beyond the choice are tried for it on 128 images",
  }),
} as const;
