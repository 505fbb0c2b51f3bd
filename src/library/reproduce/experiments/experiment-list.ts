/**
 * The experiments, one line each, in the order of the page.
 *
 * Knows: which experiments there are. May not know: what they say.
 */
import type { Experiment } from "../experiment.js";
import { compensation } from "./compensation.js";
import { fig4 } from "./fig4.js";
import { fig5 } from "./fig5.js";
import { table1 } from "./table1.js";
import { table2 } from "./table2.js";

export const experiments: readonly Experiment[] = [table1, table2, fig4, fig5, compensation];
export const targets: readonly string[] = [...experiments.map(({ id }) => id), "all"];
