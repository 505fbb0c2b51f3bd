/**
 * The verbs, in the order in which help lists them: one line each.
 *
 * Knows: which verbs there are. May not know: what they do.
 */
import type { Verb } from "./verb.js";

export const verbs: readonly Verb[] = [];
