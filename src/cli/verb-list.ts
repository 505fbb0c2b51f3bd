/**
 * The verbs, in the order in which help lists them: one line each.
 *
 * Knows: which verbs there are. May not know: what they do.
 */
import type { Verb } from "./verb.js";
import { benchVerb } from "./verbs/bench.js";
import { convertVerb } from "./verbs/convert.js";
import { dataVerb } from "./verbs/data.js";
import { demoVerb } from "./verbs/demo.js";
import { diagnoseVerb } from "./verbs/diagnose.js";
import { evaluateVerb } from "./verbs/evaluate.js";
import { inspectVerb } from "./verbs/inspect.js";
import { mergeVerb } from "./verbs/merge.js";
import { reproduceVerb } from "./verbs/reproduce.js";
import { runVerb } from "./verbs/run.js";
import { trainVerb } from "./verbs/train.js";

export const verbs: readonly Verb[] = [
  demoVerb,
  dataVerb,
  inspectVerb,
  convertVerb,
  runVerb,
  evaluateVerb,
  mergeVerb,
  benchVerb,
  trainVerb,
  diagnoseVerb,
  reproduceVerb,
];
