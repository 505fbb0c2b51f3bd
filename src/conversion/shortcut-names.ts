/**
 * How the two scales around a shortcut are named, so that the pass after can find them.
 *
 * Knows: names. May not know: graphs.
 */
const before = ".lambda-in";
const after = ".lambda-out";

/** Id of the scale λ_in before the shortcut `base`. */
export const lambdaIn = (base: string) => `${base}${before}`;
/** Id of the scale 1/λ_out after it. */
export const lambdaOut = (base: string) => `${base}${after}`;
/** The shortcut that a scale λ_in belongs to; undefined for other ids. */
export const baseOfLambdaIn = (id: string) => (id.endsWith(before) ? id.slice(0, -before.length) : undefined);
