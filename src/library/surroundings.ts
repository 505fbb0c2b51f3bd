/**
 * What the library's calls take beside their own options, with defaults.
 *
 * Knows: threads, cache folder, seeds. May not know: networks.
 */
import type { LongCallOptions } from "../core/progress.js";

export interface CallOptions extends LongCallOptions {
  /** Seed of every random choice (0). */
  readonly seed?: number | undefined;
  /** Worker threads (all cores). */
  readonly threads?: number | undefined;
  /** Where data sets, statistics and what searches found are kept ($RESPIKE_CACHE, else the platform's). */
  readonly cacheDir?: string | undefined;
  /** Never use the network. */
  readonly offline?: boolean | undefined;
  /** Overwrite existing outputs. */
  readonly force?: boolean | undefined;
}
