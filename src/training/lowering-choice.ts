/**
 * How a training step may be asked to be computed.
 *
 * Knows: the words. May not know: the engine, whose types the package's users need not have.
 */

/** `auto` is blocked where the engine and the network allow it. */
export type LoweringChoice = "auto" | "plain" | "blocked";
