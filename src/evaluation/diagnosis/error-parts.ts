/**
 * The names and order of the parts of a layer's error.
 *
 * Knows: the parts. May not know: how they are measured.
 */

/** Parts of y − a in the order in which they telescope, from what the layer sends to what the network has. */
export const errorParts = ["unevenness", "quantisation", "clipping", "wiring", "propagated"] as const;
export type ErrorPart = (typeof errorParts)[number];

/** Parts that a layer makes itself; `propagated` comes in with its inputs. */
export const localParts = ["unevenness", "quantisation", "clipping", "wiring"] as const;

/** Sums over the neurons of one image: Σa², Σ(part)² in the order of `errorParts`, Σ(y − a)². */
export const sumsOfImage = errorParts.length + 2;
