/**
 * The archive of an npm package, by the user's own npm settings, into a file.
 *
 * Knows: pacote, npm's own downloader, which checks the registry's integrity hash, retries
 * as npm is set to, and keeps npm's cache. May not know: what the package holds.
 *
 * npm's protocol has no resuming: an interrupted download begins anew.
 */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { LongCallOptions } from "../core/progress.js";
import { downloadError, hideCredentials } from "./download-error.js";
import { readNpmSettings } from "./read-npm-settings.js";
import { watchProgress } from "./watch-progress.js";

export interface FetchOptions extends LongCallOptions {
  /** Size to expect, for progress. */
  readonly expectedBytes: number;
  /** A larger download is refused; twice what is expected unless said. */
  readonly mostBytes?: number | undefined;
  /** A download that brings nothing for so long is given up (60). */
  readonly stallSeconds?: number | undefined;
}

/**
 * @param spec `name@version`, or the URL of a file (then through npm's proxy; its credentials are not shown)
 * @param path overwritten; whole only where this returns
 * @throws RespikeError (exit 5) without network, package, or progress for a minute
 */
export async function fetchPackage(spec: string, path: string, options: FetchOptions): Promise<void> {
  const settings = await readNpmSettings();
  const { default: pacote } = await import("pacote");
  const isUrl = /^https?:/i.test(spec);
  const shown = isUrl ? hideCredentials(spec) : spec;
  const watch = watchProgress(`download ${shown}`, options);
  try {
    await watch.guard(
      pacote.tarball.stream(
        spec,
        async (stream) => {
          watch.restart();
          await pipeline(stream, watch.count(), createWriteStream(path), { signal: watch.signal });
        },
        { ...settings, signal: watch.signal } as object,
      ),
    );
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw downloadError(isUrl ? shown : `npm package ${shown}`, watch.explain(cause));
  } finally {
    watch.stop();
  }
}
