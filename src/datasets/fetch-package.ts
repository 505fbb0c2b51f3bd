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
import { downloadError } from "./download-error.js";
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
 * @param spec `name@version`, or the URL of an archive (then through npm's proxy)
 * @param path overwritten; whole only where this returns
 * @throws RespikeError (exit 5) without network, package, or progress for a minute
 */
export async function fetchPackage(spec: string, path: string, options: FetchOptions): Promise<void> {
  const settings = await readNpmSettings();
  const { default: pacote } = await import("pacote");
  const watch = watchProgress(`download ${spec}`, options);
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
    throw downloadError(`npm package ${spec}`, watch.explain(cause));
  } finally {
    watch.stop();
  }
}
