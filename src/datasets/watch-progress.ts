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
  return new DownloadWatch(phase, options);
}

class DownloadWatch implements Watch {
  readonly signal: AbortSignal;
  readonly #stalled = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #done = 0;
  #lastReport = 0;

  constructor(
    readonly phase: string,
    readonly options: WatchOptions,
  ) {
    const { signal } = this.#stalled;
    this.signal = options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]);
    this.#touch();
  }

  count(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding: string, next: TransformCallback) => this.#pass(chunk, next),
      flush: (next) => {
        this.#report();
        next();
      },
    });
  }

  restart(from = 0): void {
    this.#touch();
    this.#done = from;
  }

  explain(cause: unknown): unknown {
    const { signal } = this.#stalled;
    return signal.aborted ? signal.reason : cause;
  }

  guard<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    return Promise.race([work, aborted]);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #touch(): void {
    const { stallSeconds = 60 } = this.options;
    const stall = () => this.#stalled.abort(new Error(`nothing came for ${stallSeconds} seconds`));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(stall, stallSeconds * 1000);
  }

  #pass(chunk: Buffer, next: TransformCallback): void {
    const { expectedBytes, mostBytes = 2 * expectedBytes + 1e6 } = this.options;
    this.#touch();
    this.#done += chunk.length;
    if (this.#done > mostBytes) {
      const error = new Error(`over ${this.#done} bytes where about ${expectedBytes} were expected`);
      next(Object.assign(error, { code: overrunCode }));
    } else {
      if (Date.now() - this.#lastReport >= reportEveryMs) this.#report();
      next(null, chunk);
    }
  }

  #report(): void {
    const { expectedBytes, onProgress } = this.options;
    this.#lastReport = Date.now();
    const total = Math.max(this.#done, expectedBytes);
    onProgress?.({ phase: this.phase, done: this.#done, total, unit: "bytes" });
  }
}
