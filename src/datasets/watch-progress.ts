/**
 * A download's progress: counted bytes, an end for endless and for silent ones.
 *
 * Knows: bytes and seconds. May not know: protocols.
 */
import { Transform, type TransformCallback } from "node:stream";
import type { LongCallOptions } from "../core/progress.js";

export interface WatchOptions extends LongCallOptions {
  readonly expectedBytes: number;
  /** More is refused; twice what is expected unless said. */
  readonly mostBytes?: number | undefined;
  readonly stallSeconds?: number | undefined;
}

export interface Watch {
  /** Aborts where the caller aborts and where nothing came for too long. */
  readonly signal: AbortSignal;
  /** A stream that counts what passes through it. */
  count(): Transform;
  /** Begins to count anew, from bytes that are there already. */
  restart(from?: number): void;
  /** Why the work failed: the stall rather than the abort it caused. */
  explain(cause: unknown): unknown;
  /** The work, or a rejection as soon as the signal aborts. */
  guard<T>(work: Promise<T>): Promise<T>;
  stop(): void;
}

const reportEveryMs = 100;
/** The code of the error that ends a download far larger than expected. */
export const overrunCode = "EFBIG";

export function watchProgress(phase: string, options: WatchOptions): Watch {
  const { expectedBytes, onProgress, stallSeconds = 60 } = options;
  const mostBytes = options.mostBytes ?? 2 * expectedBytes + 1e6;
  const stalled = new AbortController();
  const signal =
    options.signal === undefined ? stalled.signal : AbortSignal.any([options.signal, stalled.signal]);
  let done = 0;
  let lastReport = 0;
  const stall = () => stalled.abort(new Error(`nothing came for ${stallSeconds} seconds`));
  let timer = setTimeout(stall, stallSeconds * 1000);
  const touch = () => {
    clearTimeout(timer);
    timer = setTimeout(stall, stallSeconds * 1000);
  };
  const report = () => {
    lastReport = Date.now();
    onProgress?.({ phase, done, total: Math.max(done, expectedBytes), unit: "bytes" });
  };
  const onChunk = (chunk: Buffer, _encoding: string, next: TransformCallback) => {
    touch();
    done += chunk.length;
    if (done > mostBytes) {
      const error = new Error(`over ${done} bytes where about ${expectedBytes} were expected`);
      return next(Object.assign(error, { code: overrunCode }));
    }
    if (Date.now() - lastReport >= reportEveryMs) report();
    next(null, chunk);
  };
  return {
    signal,
    count: () =>
      new Transform({
        transform: onChunk,
        flush: (next) => {
          report();
          next();
        },
      }),
    restart: (from = 0) => {
      touch();
      done = from;
    },
    explain: (cause) => (stalled.signal.aborted ? stalled.signal.reason : cause),
    guard: (work) =>
      Promise.race([
        work,
        new Promise<never>((_, reject) => {
          if (signal.aborted) reject(signal.reason);
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
      ]),
    stop: () => clearTimeout(timer),
  };
}
