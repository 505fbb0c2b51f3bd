/**
 * The package's version.
 *
 * Knows: what package.json says too (a test compares them). May not know: anything else.
 */
export const version = "0.1.0";
