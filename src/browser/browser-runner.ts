/**
 * Runs jobs on Web Workers where memory can be shared, in the calling thread elsewhere.
 *
 * Knows: what a page may do. May not know: pools, what jobs do.
 */
import { makeInlineRunner } from "../core/inline-runner.js";
import { canShareMemory } from "../core/share-memory.js";
import type { TaskRunner } from "../core/task-runner.js";
import { makePoolRunner } from "../core/worker-pool.js";
import { jobTable } from "../evaluation/job-table.js";
import { startWebWorker } from "./web-worker.js";

export interface BrowserRunnerOptions {
  /** Workers to use: all cores by default; always 1 where memory cannot be shared. */
  readonly threads?: number | undefined;
  /** Where the bundled `respike/browser/worker` lies; found by itself where the bundler knows `new URL(…, import.meta.url)`. */
  readonly workerUrl?: URL | string | undefined;
}

/**
 * Web Workers share memory on pages that are cross-origin isolated (COOP `same-origin`, COEP `require-corp`); on
 * others everything runs in the calling thread, with the same results.
 *
 * @throws RespikeError (exit 2) for a number of threads that is none
 * @example
 * ```ts
 * import { makeBrowserRunner } from "respike/browser";
 *
 * console.log(makeBrowserRunner({ workerUrl: "/worker.js" }).threads);
 * ```
 */
export function makeBrowserRunner(options: BrowserRunnerOptions = {}): TaskRunner {
  const { threads = navigator.hardwareConcurrency, workerUrl } = options;
  const pool = makePoolRunner(threads, (events) => startWebWorker(events, workerUrl));
  return canShareMemory() && typeof Worker !== "undefined" ? pool : makeInlineRunner(jobTable);
}
