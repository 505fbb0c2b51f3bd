/**
 * What every call of this room takes.
 *
 * Knows: names of options. May not know: where a platform keeps its caches.
 */
import type { LongCallOptions } from "../core/progress.js";
import type { Warning } from "../core/respike-error.js";

export interface DatasetOptions extends LongCallOptions {
  /** The cache folder; data sets lie in `datasets/` below it. */
  readonly cacheDir: string;
  /** Never use the network. */
  readonly offline?: boolean | undefined;
  /** A folder, archive or http(s) address to take a named data set from, instead of its default source. */
  readonly from?: string | undefined;
  /** Get a named data set anew although it is cached. */
  readonly force?: boolean | undefined;
  /** Order of axes of `images.npy`: [N,C,H,W] or [N,H,W,C]. */
  readonly layout?: "nchw" | "nhwc" | undefined;
  /** Bring the images of a folder to one size [H,W] (bilinear, centre crop). */
  readonly resize?: readonly [height: number, width: number] | undefined;
  /** A download that brings nothing for so long is given up (60). */
  readonly stallSeconds?: number | undefined;
  readonly onWarning?: ((warning: Warning) => void) | undefined;
}
